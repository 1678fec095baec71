//! The gRPC service of imports: the same in every package, but for the package.

/// `service! { pb: Facts, |import, feed_position| pb::CreateImportResponse { … } }` writes `Imports`, which serves the
/// `ImportService` of the package that `pb` names and lets its records take effect by a [`Target`](crate::Target); the
/// closure makes the answer to an import that has ended.
#[macro_export]
macro_rules! service {
    ($pb:ident: $target:ty, $created:expr) => {
        /// Imports as tonic sees them.
        pub(crate) struct Imports(pub(crate) $crate::Imports<$target>);

        #[::tonic::async_trait]
        impl $pb::import_service_server::ImportService for Imports {
            type WatchImportStream = $crate::Watched<$pb::WatchImportResponse>;

            async fn create_import(
                &self,
                request: ::tonic::Request<::tonic::Streaming<$pb::CreateImportRequest>>,
            ) -> $crate::Answer<$pb::CreateImportResponse> {
                let scope = ::niva_rpc::scope(&request)?.clone();
                let (import, feed_position) = self.0.create(&scope, request.into_inner()).await?;
                Ok(::tonic::Response::new(($created)(import, feed_position)))
            }

            async fn get_import(
                &self,
                request: ::tonic::Request<$pb::GetImportRequest>,
            ) -> $crate::Answer<$pb::GetImportResponse> {
                ::niva_rpc::answer!(self.get(request))
            }

            async fn list_imports(
                &self,
                request: ::tonic::Request<$pb::ListImportsRequest>,
            ) -> $crate::Answer<$pb::ListImportsResponse> {
                ::niva_rpc::answer!(self.list(request))
            }

            async fn watch_import(
                &self,
                request: ::tonic::Request<$pb::WatchImportRequest>,
            ) -> $crate::Answer<Self::WatchImportStream> {
                let (scope, id) = (::niva_rpc::scope(&request)?, &request.get_ref().import_id);
                let message = |import, end| $pb::WatchImportResponse { import: Some(import), end };
                Ok(::tonic::Response::new(self.0.watched(scope, id, message).await?))
            }

            async fn cancel_import(
                &self,
                request: ::tonic::Request<$pb::CancelImportRequest>,
            ) -> $crate::Answer<$pb::CancelImportResponse> {
                ::niva_rpc::answer!(self.cancel(request))
            }

            async fn list_import_errors(
                &self,
                request: ::tonic::Request<$pb::ListImportErrorsRequest>,
            ) -> $crate::Answer<$pb::ListImportErrorsResponse> {
                ::niva_rpc::answer!(self.errors(request))
            }
        }

        impl Imports {
            async fn get(
                &self,
                scope: &::niva_access::Scope,
                request: &$pb::GetImportRequest,
            ) -> Result<$pb::GetImportResponse, ::niva_base::OpError> {
                let id = ::niva_rpc::wire::read::only_id("import_id", &request.import_id)?;
                Ok($pb::GetImportResponse { import: Some(self.0.get(scope, &id).await?) })
            }

            async fn list(
                &self,
                scope: &::niva_access::Scope,
                request: &$pb::ListImportsRequest,
            ) -> Result<$pb::ListImportsResponse, ::niva_base::OpError> {
                let asked = (request.page_size, request.page_token.as_str());
                let (imports, next_page_token) = self.0.list(scope, request.state, asked).await?;
                Ok($pb::ListImportsResponse { imports, next_page_token })
            }

            async fn cancel(
                &self,
                scope: &::niva_access::Scope,
                request: &$pb::CancelImportRequest,
            ) -> Result<$pb::CancelImportResponse, ::niva_base::OpError> {
                let id = ::niva_rpc::wire::read::only_id("import_id", &request.import_id)?;
                let answer = |import| $pb::CancelImportResponse { import: Some(import) };
                self.0.cancel(scope, request, &id, answer).await
            }

            async fn errors(
                &self,
                scope: &::niva_access::Scope,
                request: &$pb::ListImportErrorsRequest,
            ) -> Result<$pb::ListImportErrorsResponse, ::niva_base::OpError> {
                let id = ::niva_rpc::wire::read::only_id("import_id", &request.import_id)?;
                let asked = (request.page_size, request.page_token.as_str());
                let (errors, next_page_token) = self.0.errors(scope, &id, asked).await?;
                Ok($pb::ListImportErrorsResponse { errors, next_page_token })
            }
        }
    };
}
