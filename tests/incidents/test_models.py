"""How tickets and incidents are named: written and read back in one place."""

from hypothesis import given
from hypothesis import strategies as st

from incidents.models import IncidentRef, TicketRef
from incidents.promises.subjects import subject_ref

CONNECTIONS = st.from_regex(r"[a-z][a-z0-9-]{0,10}/[a-z0-9][a-z0-9-]{0,10}", fullmatch=True)
TICKETS = st.builds(TicketRef, connection=CONNECTIONS, id=st.text())
INCIDENTS = st.builds(IncidentRef, number=st.integers(min_value=1, max_value=2**63 - 1))


@given(TICKETS | INCIDENTS)
def test_a_subjects_name_leads_back_to_it(ref):
    """Also of a ticket whose id looks like an incident, or has the mark between connection and id in it."""
    assert subject_ref(str(ref)) == ref
