"""How anything is asked: what goes wrong becomes an Unasked, and nobody waits for ever."""

import threading
from collections.abc import Callable, Hashable, Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as TooLate
from time import monotonic
from typing import TypeVar

from django.db import DatabaseError
from redis.exceptions import RedisError

from apps.launch.facts.unasked import Unasked

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")
PATIENCE = 10.0  # seconds that one question over the network may take


def ask(whom: str, question: Callable[[], T]) -> T | Unasked:
    """Return the answer, or an Unasked that says why there is none."""
    try:
        return question()
    except Unasked as reason:
        return reason
    except (DatabaseError, RedisError, OSError) as error:
        said = " ".join(str(error).split())
        return Unasked(f"{whom} did not answer: {said or type(error).__name__}")
    except Exception as error:  # an answer that cannot be had is unknown, whatever the reason
        # Its words could quote a value.
        return Unasked(f"{whom} did not answer: {type(error).__name__}")


def together(
    questions: Mapping[K, Callable[[], T]],
    *,
    whom: Callable[[K], str] = str,
    patience: float = PATIENCE,
) -> dict[K, T | Unasked]:
    """Ask all at once; who has not answered after `patience` seconds is not waited for.

    `whom` names a question's addressee.
    """
    futures: dict[K, Future[T | Unasked]] = {}
    for key, question in questions.items():
        futures[key] = Future()
        # A daemon, since a server that hangs must not keep the process.
        threading.Thread(
            target=_settle, args=(futures[key], whom(key), question), daemon=True
        ).start()
    end, answers = monotonic() + patience, {}
    for key, future in futures.items():
        try:
            answers[key] = future.result(max(0.0, end - monotonic()))
        except TooLate:
            answers[key] = Unasked(f"{whom(key)} did not answer within {patience:g} s")
    return answers


def _settle(future: "Future[T | Unasked]", whom: str, question: Callable[[], T]) -> None:
    future.set_result(ask(whom, question))
