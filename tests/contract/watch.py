"""Validation of the client's traffic with a simulator, while other tests run."""

from __future__ import annotations

from classroom_admin.simulator.testing import RUNNING
from tests.contract.document import operation_for
from tests.exchanges import Exchange

BREAKING_FAULTS = {"malform", "truncate", "cut", "slow_body", "lose_answer", "refuse", "late_answer"}


class Watch:
    """Validates every exchange with a simulator and collects the violations.

    Servers other than a simulator are ignored, because tests make them answer wrongly. Answers are not
    validated while a fault changes them, or with ``odd_answers``. Requests are always validated.
    """

    def __init__(self, *, odd_answers: bool = False) -> None:
        self.odd_answers = odd_answers
        self.wrong: list[str] = []
        self.seen = 0

    def see(self, exchange: Exchange) -> None:
        simulator = RUNNING.get(exchange.host.rstrip("/"))
        if simulator is None:
            return
        self.seen += 1
        named = f"{exchange.method} {exchange.path}"
        operation = operation_for(exchange.method, exchange.path)
        if operation is None:
            self.wrong.append(f"{named}: not a call of the contract")
            return
        found = operation.wrong_in_request(
            path=exchange.path, query=exchange.query, body=exchange.request_json
        )
        disturbed = any(fault.kind in BREAKING_FAULTS for fault in simulator.cloud.faults.all())
        if exchange.status is not None and not exchange.problem and not disturbed and not self.odd_answers:
            found += operation.wrong_in_answer(status=exchange.status, body=exchange.body)
        self.wrong += [f"{named} ({operation.name}): {wrong}" for wrong in found]
