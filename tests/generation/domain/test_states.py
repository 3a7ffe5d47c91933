"""The states divide into those that go on and those that are over."""

from generation.domain.states import ACTIVE, CALL_HOLDS_STEP, TERMINAL, CallStatus, JobStatus


def test_every_state_of_a_job_is_either_active_or_terminal() -> None:
    assert {*ACTIVE, *TERMINAL} == set(JobStatus)
    assert not {*ACTIVE} & {*TERMINAL}


def test_a_step_is_held_by_calls_that_are_open_or_paid_for() -> None:
    assert set(CallStatus) - {*CALL_HOLDS_STEP} == {CallStatus.RELEASED, CallStatus.UNCERTAIN}
