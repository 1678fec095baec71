//! The generated trait; a line per rpc.

use std::pin::Pin;
use std::sync::Arc;

use futures_util::{Stream, StreamExt};
use niva_kit::auth::caller;
use niva_kit::import::Import;
use niva_kit::rpc::{answer, status};
use niva_proto::choice::v1 as pb;
use pb::choice_service_server::ChoiceService;
use tonic::{Request, Response, Status, Streaming};

use crate::App;

/// The service as tonic sees it.
#[derive(Clone)]
pub(crate) struct Grpc(pub(crate) Arc<App>);

/// The trait's methods: those that pass a request on, and those written out.
macro_rules! rpcs {
    ($($name:ident: $request:ident -> $response:ident;)+ { $($rest:tt)+ }) => {
        #[tonic::async_trait]
        impl ChoiceService for Grpc {
            $(async fn $name(
                &self,
                request: Request<pb::$request>,
            ) -> Result<Response<pb::$response>, Status> {
                answer(self.0.$name(caller(&request)?, request.get_ref()).await)
            })+
            $($rest)+
        }
    };
}

rpcs! {
    create_provider: CreateProviderRequest -> CreateProviderResponse;
    list_providers: ListProvidersRequest -> ListProvidersResponse;
    create_unit: CreateUnitRequest -> CreateUnitResponse;
    set_unit_capacity: SetUnitCapacityRequest -> SetUnitCapacityResponse;
    change_unit_regime: ChangeUnitRegimeRequest -> ChangeUnitRegimeResponse;
    get_unit: GetUnitRequest -> GetUnitResponse;
    list_units: ListUnitsRequest -> ListUnitsResponse;
    record_wish: RecordWishRequest -> RecordWishResponse;
    make_offer: MakeOfferRequest -> MakeOfferResponse;
    accept_offer: AcceptOfferRequest -> AcceptOfferResponse;
    decline_offer: DeclineOfferRequest -> DeclineOfferResponse;
    lapse_offers: LapseOffersRequest -> LapseOffersResponse;
    list_offers: ListOffersRequest -> ListOffersResponse;
    start_placement: StartPlacementRequest -> StartPlacementResponse;
    give_notice: GiveNoticeRequest -> GiveNoticeResponse;
    end_placement: EndPlacementRequest -> EndPlacementResponse;
    withdraw_placement: WithdrawPlacementRequest -> WithdrawPlacementResponse;
    get_placement: GetPlacementRequest -> GetPlacementResponse;
    list_placements: ListPlacementsRequest -> ListPlacementsResponse;
    get_feed_status: GetFeedStatusRequest -> GetFeedStatusResponse;
    {
        async fn import_choice(
            &self,
            request: Request<Streaming<pb::ImportChoiceRequest>>,
        ) -> Result<Response<pb::ImportChoiceResponse>, Status> {
            let caller = caller(&request)?.clone();
            let import = Import::gather(request.into_inner()).await?;
            answer(self.0.import_choice(&caller, import).await)
        }

        type WatchChoiceStream = Pin<Box<dyn Stream<Item = Result<pb::WatchChoiceResponse, Status>> + Send>>;

        async fn watch_choice(
            &self,
            request: Request<pb::WatchChoiceRequest>,
        ) -> Result<Response<Self::WatchChoiceStream>, Status> {
            Ok(Response::new(self.0.watch_choice(request.get_ref()).map(|item| item.map_err(status)).boxed()))
        }
    }
}
