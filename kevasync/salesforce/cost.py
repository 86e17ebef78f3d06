"""What writing so many records costs: API calls and minutes; needs no session, so that a plan from files can say it."""

from __future__ import annotations

import math

__all__ = ["MOST_BYTES", "REST_THRESHOLD", "ROWS_A_CALL", "estimate"]

REST_THRESHOLD = 2_000
"""Records up to which REST is used: ten collections calls cost as much as one bulk job, and answer at once. It is also
where Salesforce's own advice draws the line."""
ROWS_A_CALL = 200
MOST_BYTES = 90_000_000
"""Of one upload: Salesforce takes 150 MB after base64, which is 100 MB plain; the rest is for its own headers."""
BYTES_A_ROW = 300
SECONDS_A_CALL = 3.0
ROWS_A_SECOND = 400.0
CALLS_A_JOB = 3 + 12 + 3
"""For the estimate: a record of ten short fields; a collections call of 200 with triggers; what Salesforce's bulk
processing does with ordinary automation; make, upload, close, a dozen questions, three result files."""


def estimate(
    creates: int, updates: int, threshold: int = REST_THRESHOLD, most_bytes: int = MOST_BYTES
) -> tuple[int, float]:
    """(API calls, minutes). Creates and updates are separate batches, each by the way its size asks for."""
    calls, seconds = 0, 0.0
    for rows in (creates, updates):
        if rows <= threshold:
            batch_calls = math.ceil(rows / ROWS_A_CALL)
            calls, seconds = calls + batch_calls, seconds + batch_calls * SECONDS_A_CALL
        else:
            calls += math.ceil(rows * BYTES_A_ROW / most_bytes) * CALLS_A_JOB
            seconds += rows / ROWS_A_SECOND
    return calls, seconds / 60
