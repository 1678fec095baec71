"""The main job, by a client that knows nothing of Niva but its contract.

Run by the test beside it: OUT has the types made from the proto files, NIVA_ASSESSMENT, NIVA_CHOICE and NIVA_PAYMENT say where
the services are, NIVA_TOKEN_<ROLE> has a token for each role. `place` grants, measures, chooses and starts; `pay` makes a run
and approves it. Everybody here is invented.
"""

import os
import sys
import time
import uuid

import grpc
from google.rpc import error_details_pb2
from grpc_status import rpc_status

sys.path.insert(0, os.environ["OUT"])
from niva.assessment.v1 import (grants_pb2, grants_pb2_grpc, instruments_pb2, instruments_pb2_grpc, level_decisions_pb2,
                                level_decisions_pb2_grpc, measurements_pb2, measurements_pb2_grpc, persons_pb2,
                                persons_pb2_grpc)
from niva.choice.v1 import (offers_pb2, offers_pb2_grpc, placements_pb2, placements_pb2_grpc, providers_pb2,
                            providers_pb2_grpc, units_pb2, units_pb2_grpc, wishes_pb2, wishes_pb2_grpc)
from niva.common.v1 import calendar_pb2, level_pb2, money_pb2
from niva.payment.v1 import lines_pb2, lines_pb2_grpc, runs_pb2, runs_pb2_grpc

CHANNELS = {name: grpc.insecure_channel(os.environ["NIVA_" + name]) for name in ("ASSESSMENT", "CHOICE", "PAYMENT")}
SERVICE, DISTRICT = "supported_housing", "Farsta"


class As:
    """A service's stub, called with the token of a role; tries again where the contract says that it helps."""

    def __init__(self, where, stub, role):
        self.stub = stub(CHANNELS[where])
        self.metadata = [("authorization", "Bearer " + os.environ["NIVA_TOKEN_" + role])]

    def __getattr__(self, method):
        call = getattr(self.stub, method)

        def tried(request):
            for pause in (0.1, 0.2, 0.4, 0.8, 1.6, 3.2, None):
                try:
                    return call(request, metadata=self.metadata, timeout=20)
                except grpc.RpcError as error:
                    again = error.code() in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.ABORTED)
                    if pause is None or not (again or reason(error) in ("FEED_BEHIND", "GRANT_UNKNOWN")):
                        raise
                    time.sleep(pause)

        return tried


def reason(error):
    status = rpc_status.from_call(error)
    for detail in status.details if status else ():
        info = error_details_pb2.ErrorInfo()
        if detail.Unpack(info):
            return info.reason
    return None


def new():
    return str(uuid.uuid4())


def day(text):
    year, month, of_month = map(int, text.split("-"))
    return calendar_pb2.Date(year=year, month=month, day=of_month)


def place():
    person, grant = "person-of-a-stranger", "grant-of-a-stranger"
    persons = As("ASSESSMENT", persons_pb2_grpc.PersonServiceStub, "CASE_OFFICER")
    residence = persons_pb2.ResidencePeriod(valid_from=day("2020-01-01"), district=DISTRICT)
    persons.RecordPerson(persons_pb2.RecordPersonRequest(
        request_id=new(), person=persons_pb2.Person(person_id=person, residences=[residence])))
    grants = As("ASSESSMENT", grants_pb2_grpc.GrantServiceStub, "CASE_OFFICER")
    valid = calendar_pb2.DateInterval(first=day("2024-03-01"))
    granted = grants.RecordGrant(grants_pb2.RecordGrantRequest(request_id=new(), grant=grants_pb2.Grant(
        grant_id=grant, person_id=person, service=SERVICE, district=DISTRICT, valid=valid)))
    assert granted.grant.info.revision == 1 and granted.grant.info.author.role == "case_officer"

    instruments = As("ASSESSMENT", instruments_pb2_grpc.InstrumentServiceStub, "ASSESSOR")
    found = instruments.ListInstruments(instruments_pb2.ListInstrumentsRequest()).instruments
    instrument = next(i for i in found if SERVICE in i.services)
    measurements = As("ASSESSMENT", measurements_pb2_grpc.MeasurementServiceStub, "ASSESSOR")
    opened = measurements.RecordMeasurement(measurements_pb2.RecordMeasurementRequest(
        request_id=new(), measurement=measurements_pb2.Measurement(
            person_id=person, service=SERVICE, visit_date=day("2024-03-01"), follow_up_date=day("2024-02-20"))))
    measurement = opened.measurement
    for item in instrument.items:
        score = measurements_pb2.ItemScore(item_key=item.item_key, score=item.allowed_scores[-1])
        measurement = measurements.RecordScore(measurements_pb2.RecordScoreRequest(
            request_id=new(), measurement_id=measurement.measurement_id, score=score)).measurement
    assert measurement.points == 72 and not measurement.missing_items
    decisions = As("ASSESSMENT", level_decisions_pb2_grpc.LevelDecisionServiceStub, "ASSESSOR")
    decided = decisions.DecideLevel(level_decisions_pb2.DecideLevelRequest(
        request_id=new(), measurement_id=measurement.measurement_id, valid_from=day("2024-03-01"),
        expected_level=level_pb2.Level(value=3)))
    assert decided.level_decision.level.value == 3

    providers = As("CHOICE", providers_pb2_grpc.ProviderServiceStub, "ADMINISTRATOR")
    providers.RecordProvider(providers_pb2.RecordProviderRequest(
        request_id=new(), provider=providers_pb2.Provider(provider_id="provider-1", name="Utförare 1")))
    units = As("CHOICE", units_pb2_grpc.UnitServiceStub, "ADMINISTRATOR")
    terms = units_pb2.UnitPeriod(valid_from=day("2020-01-01"), provider_id="provider-1", district=DISTRICT,
                                 regime=level_pb2.REGIME_MUNICIPAL, capacity=2)
    units.RecordUnit(units_pb2.RecordUnitRequest(request_id=new(), unit=units_pb2.Unit(
        unit_id="unit-1", name="Verksamhet 1", service=SERVICE, periods=[terms])))
    wishes = As("CHOICE", wishes_pb2_grpc.WishServiceStub, "CASE_OFFICER")
    wishes.RecordWish(wishes_pb2.RecordWishRequest(
        request_id=new(), wish=wishes_pb2.Wish(grant_id=grant, unit_ids=["unit-1"])))
    offers = As("CHOICE", offers_pb2_grpc.OfferServiceStub, "CASE_OFFICER")
    offer = offers.MakeOffer(offers_pb2.MakeOfferRequest(request_id=new(), grant_id=grant, unit_id="unit-1")).offer
    accepted = offers.AcceptOffer(offers_pb2.AcceptOfferRequest(
        request_id=new(), offer_id=offer.offer_id, ordered_start=day("2024-03-04")))
    # Nobody starts before the day; the start is told when it has come.
    print(accepted.placement.placement_id)


def start(placement_id):
    placements = As("CHOICE", placements_pb2_grpc.PlacementServiceStub, "CASE_OFFICER")
    started = placements.StartPlacement(placements_pb2.StartPlacementRequest(
        request_id=new(), placement_id=placement_id, actual_start=day("2024-03-04")))
    assert started.placement.state == placements_pb2.Placement.STATE_STARTED


def pay(placement_id):
    maker = As("PAYMENT", runs_pb2_grpc.RunServiceStub, "FINANCE_MAKER")
    month = calendar_pb2.Month(year=2024, month=3)
    run = maker.CreatePaymentRun(runs_pb2.CreatePaymentRunRequest(request_id=new(), month=month)).payment_run
    for progress in maker.WatchPaymentRun(runs_pb2.WatchPaymentRunRequest(payment_run_id=run.payment_run_id)):
        run = progress.payment_run
    assert run.state == runs_pb2.PaymentRun.STATE_CALCULATED, run
    approve = runs_pb2.ApprovePaymentRunRequest(
        request_id=new(), payment_run_id=run.payment_run_id, amount=run.control.amount,
        lines_sha256=run.control.lines_sha256)
    try:
        maker.ApprovePaymentRun(approve)
        raise AssertionError("the maker approved")
    except grpc.RpcError as error:
        assert reason(error) == "ROLE_MISSING", reason(error)
    approver = As("PAYMENT", runs_pb2_grpc.RunServiceStub, "FINANCE_APPROVER")
    run = approver.ApprovePaymentRun(approve).payment_run
    assert run.state == runs_pb2.PaymentRun.STATE_APPROVED
    lines = As("PAYMENT", lines_pb2_grpc.LineServiceStub, "FINANCE_MAKER")
    found = lines.ListPaymentLines(lines_pb2.ListPaymentLinesRequest(payment_run_id=run.payment_run_id)).payment_lines
    # 4 to 31 March at level 3: 28 days of 495 kronor.
    assert [(line.placement_id, line.quantity, line.amount.ore) for line in found] == [(placement_id, 28, 1_386_000)], found
    explained = lines.ExplainPaymentLine(lines_pb2.ExplainPaymentLineRequest(payment_line_id=found[0].payment_line_id))
    assert explained.payment_line == found[0]
    print(money_pb2.Money(ore=found[0].amount.ore).ore)


{"place": place, "start": start, "pay": pay}[sys.argv[1]](*sys.argv[2:])
