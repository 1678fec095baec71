//! The operations of a resource that is a fact of a placement: the same for all of them, but for the names.

/// `operations! { Schedules: schedule (schedule_id), schedules; record(Request) -> Response; … }` writes the operations of
/// a gRPC service's struct. The fields are those of the requests and responses.
macro_rules! operations {
    (
        $service:ident: $one:ident ($id:ident), $many:ident;
        $(record($record:ty) -> $recorded:ident;)?
        correct($correct:ty) -> $corrected:ident;
        withdraw($withdraw:ty) -> $withdrawn:ident;
        get($get:ty) -> $got:ident;
        list($list:ty) -> $listed:ident;
        revisions($revisions:ty) -> $told:ident;
    ) => {
        impl $service {
            $(async fn record(&self, scope: &Scope, request: &$record) -> Result<pb::$recorded, OpError> {
                let items = &self.0.recorded(scope, request, request.$one.as_ref())?;
                let work = self.0.change(scope, request, |tx, told| {
                    Box::pin(async move {
                        let fact = self.0.tell_one(tx, scope, &told, Step::Record, items).await?;
                        Ok(pb::$recorded { $one: Some(fact) })
                    })
                });
                work.await
            })?

            async fn correct(&self, scope: &Scope, request: &$correct) -> Result<pb::$corrected, OpError> {
                let items = &self.0.corrected(request.$one.as_ref())?;
                let step = Step::Correct { expected: request.expected_revision };
                let work = self.0.change(scope, request, |tx, told| {
                    Box::pin(async move {
                        let fact = self.0.tell_one(tx, scope, &told, step, items).await?;
                        Ok(pb::$corrected { $one: Some(fact) })
                    })
                });
                work.await
            }

            async fn withdraw(
                &self,
                scope: &Scope,
                request: &$withdraw,
            ) -> Result<pb::$withdrawn, OpError> {
                let id = &read::only_id(stringify!($id), &request.$id)?;
                let work = self.0.change(scope, request, |tx, told| {
                    Box::pin(async move {
                        let fact = self.0.take_back(tx, scope, &told, id, request.expected_revision).await?;
                        Ok(pb::$withdrawn { $one: Some(fact) })
                    })
                });
                work.await
            }

            async fn get(&self, scope: &Scope, request: &$get) -> Result<pb::$got, OpError> {
                let id = read::only_id(stringify!($id), &request.$id)?;
                let fact = self.0.read_back(scope, &id, request.as_of.as_ref()).await?;
                Ok(pb::$got { $one: Some(fact) })
            }

            async fn list(&self, scope: &Scope, request: &$list) -> Result<pb::$listed, OpError> {
                let wanted = crate::facts::Wanted {
                    placement_id: read::given_id(&request.placement_id),
                    person_id: read::given_id(&request.person_id),
                    days: request.days,
                    recorded_since: request.recorded_since.as_ref(),
                    include_withdrawn: request.include_withdrawn,
                    page_size: request.page_size,
                    page_token: &request.page_token,
                };
                let ($many, next_page_token) = self.0.list_of(scope, &wanted).await?;
                Ok(pb::$listed { $many, next_page_token })
            }

            async fn revisions(&self, scope: &Scope, request: &$revisions) -> Result<pb::$told, OpError> {
                let id = read::only_id(stringify!($id), &request.$id)?;
                let (revisions, next_page_token) =
                    self.0.revisions_of(scope, &id, request.page_size, &request.page_token).await?;
                Ok(pb::$told { revisions, next_page_token })
            }
        }
    };
}

pub(crate) use operations;
