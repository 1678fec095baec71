//! Files of an approved run for other systems, made once and kept.

mod folder;
mod make;
mod row;
pub(crate) mod store;
mod wire;

use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use niva_access::Scope;
use niva_base::OpError;
use niva_names::PaymentFileNo;
use niva_payment_exports::DRIVERS;
use niva_proto::payment::v1 as pb;
use niva_rpc::answer;
use niva_rpc::wire::read;
use pb::payment_file_service_server::PaymentFileService;
use tonic::{Request, Response, Status};

use self::row::{Digest, Kept};
use self::wire::{file_no, file_out, format_out};
use crate::runs::store as runs;
use crate::wire::after;
use crate::{Answer, App, OpResult};

/// Files on a page at most.
const MAX_PAGE: u32 = 1_000;

/// Files as tonic sees them.
pub(crate) struct Files(pub(crate) Arc<App>);

#[tonic::async_trait]
impl PaymentFileService for Files {
    type DownloadPaymentFileStream = BoxStream<'static, Result<pb::DownloadPaymentFileResponse, Status>>;

    async fn list_payment_file_formats(
        &self,
        request: Request<pb::ListPaymentFileFormatsRequest>,
    ) -> Answer<pb::ListPaymentFileFormatsResponse> {
        answer!(self.formats(request))
    }

    async fn create_payment_file(
        &self,
        request: Request<pb::CreatePaymentFileRequest>,
    ) -> Answer<pb::CreatePaymentFileResponse> {
        answer!(self.create(request))
    }

    async fn get_payment_file(
        &self,
        request: Request<pb::GetPaymentFileRequest>,
    ) -> Answer<pb::GetPaymentFileResponse> {
        answer!(self.get(request))
    }

    async fn list_payment_files(
        &self,
        request: Request<pb::ListPaymentFilesRequest>,
    ) -> Answer<pb::ListPaymentFilesResponse> {
        answer!(self.list(request))
    }

    async fn download_payment_file(
        &self,
        request: Request<pb::DownloadPaymentFileRequest>,
    ) -> Answer<Self::DownloadPaymentFileStream> {
        let no = file_no(&request.get_ref().payment_file_id).map_err(niva_rpc::status)?;
        let kept = self.find(no).await.map_err(niva_rpc::status)?;
        let parts = self.parts(kept).map(|part| part.map_err(niva_rpc::status));
        Ok(Response::new(parts.boxed()))
    }
}

impl Files {
    async fn formats(
        &self,
        scope: &Scope,
        request: &pb::ListPaymentFileFormatsRequest,
    ) -> OpResult<pb::ListPaymentFileFormatsResponse> {
        let asked = (request.page_size, request.page_token.as_str());
        let page = self.0.secrets.page(scope.author(), asked, &["file formats"], MAX_PAGE)?;
        let all = DRIVERS.iter().map(|driver| format_out(&driver.format()));
        let (payment_file_formats, next_page_token) = page.of(all)?;
        Ok(pb::ListPaymentFileFormatsResponse { payment_file_formats, next_page_token })
    }

    /// Makes a file. Errors are looked for in this order: NOT_FOUND, RUN_STATE, NOTHING_FOR_FILE, PAYER_MISSING. The file is in the
    /// folder, where the city has one, when this answers; the same request writes it there again.
    async fn create(
        &self,
        scope: &Scope,
        request: &pb::CreatePaymentFileRequest,
    ) -> OpResult<pb::CreatePaymentFileResponse> {
        let asked = &wire::asked(request, self.0.clock.today())?;
        let work = self.0.change(scope, request, |tx, telling| {
            Box::pin(async move {
                let kept = make::make(&self.0, tx, &telling, asked).await?;
                Ok(pb::CreatePaymentFileResponse { payment_file: Some(file_out(&kept)) })
            })
        });
        let answer = work.await?;
        if let (Some(folder), Some(file), false) =
            (&self.0.exports, &answer.payment_file, request.validate_only)
        {
            folder::keep(folder, &self.find(file_no(&file.payment_file_id)?).await?, self.0.db.conn())
                .await?;
        }
        Ok(answer)
    }

    async fn get(
        &self,
        _: &Scope,
        request: &pb::GetPaymentFileRequest,
    ) -> OpResult<pb::GetPaymentFileResponse> {
        let kept = self.find(file_no(&request.payment_file_id)?).await?;
        Ok(pb::GetPaymentFileResponse { payment_file: Some(file_out(&kept)) })
    }

    async fn list(
        &self,
        scope: &Scope,
        request: &pb::ListPaymentFilesRequest,
    ) -> OpResult<pb::ListPaymentFilesResponse> {
        let asked = (request.page_size, request.page_token.as_str());
        let list = ["files", request.payment_run_id.as_str()];
        let page = self.0.secrets.page(scope.author(), asked, &list, MAX_PAGE)?;
        let conn = self.0.db.conn();
        let run = read::given_id(&request.payment_run_id);
        let run = match &run {
            Some(id) => Some(runs::find(conn, id).await?.map(|run| run.run_no).unwrap_or_default()),
            None => None,
        };
        let found = store::list(conn, run, after(&page)?, page.limit()).await?;
        let (found, next_page_token) = page.cut(found, |kept| kept.no.to_string());
        Ok(pb::ListPaymentFilesResponse {
            payment_files: found.iter().map(file_out).collect(),
            next_page_token,
        })
    }

    async fn find(&self, no: PaymentFileNo) -> OpResult<Kept> {
        let found = store::find(self.0.db.conn(), no).await?;
        found.ok_or_else(|| OpError::not_found("file", wire::file_id(no)))
    }

    /// The bytes of a file, part by part; at their end they have its hash, or that is the error.
    fn parts(
        &self,
        kept: Kept,
    ) -> impl futures_util::Stream<Item = OpResult<pb::DownloadPaymentFileResponse>> + Send + 'static + use<>
    {
        let app = Arc::clone(&self.0);
        stream::try_unfold((kept, Digest::default(), 0), move |(kept, mut digest, part_no)| {
            let app = Arc::clone(&app);
            async move {
                match store::part(app.db.conn(), kept.no, part_no).await? {
                    Some(data) => {
                        digest.take(&data);
                        Ok(Some((pb::DownloadPaymentFileResponse { data }, (kept, digest, part_no + 1))))
                    }
                    None if digest.is_of(&kept) => Ok(None),
                    None => {
                        let words = format!("the bytes of {} are not those that were made", kept.file_name);
                        Err(OpError::precondition("LEDGER_ALTERED", words))
                    }
                }
            }
        })
    }
}
