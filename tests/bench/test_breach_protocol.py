from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from bench.insights import boston311, uci_incidents
from bench.insights.breach import calibration_error
from insights.breach.history import settled_rows
from insights.breach.roles import Roles
from insights.learning import UnusableHistory
from tests.shared_folder import shared_path

ENDINGS = {
    "closed_code",
    "resolved_by",
    "resolved_at",
    "closed_at",
    "sla_breached",
    "closed_dt",
    "ontime",
    "overdue",
}
FINAL = {"queue", "case_title", "type"}


@pytest.fixture(scope="module")
def events() -> pd.DataFrame:
    return uci_incidents.read_events(shared_path("data/uci_incidents"))


@pytest.fixture(scope="module")
def requests() -> pd.DataFrame:
    return boston311.read_requests(shared_path("data/boston311"))


@pytest.fixture(scope="module")
def endings() -> pd.DataFrame:
    return boston311.read_endings(shared_path("data/boston311"))


@pytest.mark.parametrize("roles", [uci_incidents.ROLES, boston311.ROLES, boston311.STRICT])
def test_no_feature_is_an_ending_or_a_final_value(roles: Roles) -> None:
    assert not set(roles.columns) & (ENDINGS | FINAL)


@pytest.mark.shared
def test_leaving_out_the_future_changes_no_feature_of_the_past_incidents(events: pd.DataFrame) -> None:
    some = events.iloc[20_000:26_000].reset_index(drop=True)
    until = some["at"].iloc[3000]
    past = some["at"] < until
    columns = list(uci_incidents.ROLES.columns)
    whole, cut = uci_incidents.features(some), uci_incidents.features(some[past])
    pd.testing.assert_frame_equal(whole.loc[past, columns], cut[columns])


@pytest.mark.shared
def test_leaving_out_the_future_changes_no_feature_of_past_requests(
    requests: pd.DataFrame, endings: pd.DataFrame
) -> None:
    """Endings after the cut are turned to nonsense, later requests are left out."""
    some = requests.iloc[:5000]
    until = some["open_dt"].iloc[3000]
    past = some["open_dt"] < until
    known = endings.assign(closed_dt=endings["closed_dt"].where(endings["closed_dt"] < until))
    columns = list(boston311.ROLES.columns)
    whole, cut = boston311.features(some, endings), boston311.features(some[past], known)
    pd.testing.assert_frame_equal(whole.loc[past, columns], cut[columns])


@pytest.mark.shared
def test_incidents_are_split_by_time_and_never_on_both_sides(events: pd.DataFrame) -> None:
    """Also the trap: incidents that closed after the log's end are no training cases."""
    verdicts = uci_incidents.read_verdicts(shared_path("data/uci_incidents"))
    train, test = uci_incidents.split(events.merge(verdicts, on="number"))
    assert (train["number"].nunique(), test["number"].nunique()) == (10_229, 5_396)
    assert train["closed_at"].max() < uci_incidents.CUT <= test["opened_at"].min()
    assert not set(train["number"]) & set(test["number"])
    assert not train["straddles_cut"].any()


@pytest.mark.shared
def test_within_an_incident_time_never_goes_back(events: pd.DataFrame) -> None:
    assert (events.groupby("number")["at"].diff().dropna() >= pd.Timedelta(0)).all()
    assert (events.groupby("number")["event_no"].diff().dropna() > 0).all()


@pytest.mark.shared
def test_requests_are_learnt_from_once_their_target_has_passed(
    requests: pd.DataFrame, endings: pd.DataFrame
) -> None:
    """The trap: not from those closed by the cut, and not from those without a target."""
    whole = requests.merge(endings, on="case_enquiry_id")
    train, test = boston311.split(whole[whole["target_dt"].notna() & whole["ontime"].notna()])
    assert len(test) == 8908
    assert train["target_dt"].max() < boston311.CUT <= test["open_dt"].min()
    assert not set(train["case_enquiry_id"]) & set(test["case_enquiry_id"])
    assert (train["closed_dt"] >= boston311.CUT).any()


@pytest.mark.shared
def test_hours_to_the_closing_planted_among_the_features_are_caught(events: pd.DataFrame) -> None:
    """Only `outcomes` knows them; on the honest columns of the same rows the check is silent."""
    rows = events.merge(uci_incidents.read_verdicts(shared_path("data/uci_incidents")), on="number")
    train, _ = uci_incidents.split(rows)
    honest = replace(
        uci_incidents.ROLES,
        numeric=("priority", "impact", "urgency", "reassignment_count", "event_no"),
    )
    settled_rows(train, honest, now=uci_incidents.CUT.to_pydatetime())
    planted = train.assign(hours_to_close=(train["closed_at"] - train["at"]).dt.total_seconds() / 3600)
    leaking = replace(honest, numeric=(*honest.numeric, "hours_to_close"))
    with pytest.raises(UnusableHistory, match="too good to be true: hours_to_close"):
        settled_rows(planted, leaking, now=uci_incidents.CUT.to_pydatetime())


@pytest.mark.shared
def test_the_share_of_the_target_a_request_took_is_caught(
    requests: pd.DataFrame, endings: pd.DataFrame
) -> None:
    whole = requests.merge(endings, on="case_enquiry_id")
    whole = whole[whole["target_dt"].notna() & whole["ontime"].notna()]
    promised = (whole["target_dt"] - whole["open_dt"]).dt.total_seconds()
    whole["share_taken"] = (whole["closed_dt"] - whole["open_dt"]).dt.total_seconds() / promised
    whole["overdue"] = (whole["ontime"] == "OVERDUE").astype(int)
    roles = replace(boston311.STRICT, numeric=("share_taken",))
    with pytest.raises(UnusableHistory, match="too good to be true: share_taken"):
        settled_rows(whole, roles, now=boston311.CUT.to_pydatetime())


def test_calibration_error_is_the_distance_between_promised_and_seen() -> None:
    outcome = np.tile([0, 1], 500)
    assert calibration_error(outcome, np.full(1000, 0.5)) == 0
    assert calibration_error(outcome, np.full(1000, 0.8)) == pytest.approx(0.3)
