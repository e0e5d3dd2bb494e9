"""What was read of commits and is asked for again soon: a commit never changes."""

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Recent(Generic[Key, Value]):
    """The values that were used last, at most so many."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: OrderedDict[Key, Value] = OrderedDict()

    def get(self, key: Key) -> Value | None:
        """The value, which then counts as used; None when it is not remembered."""
        if key in self._values:
            self._values.move_to_end(key)
        return self._values.get(key)

    def put(self, key: Key, value: Value) -> Value:
        """Remember a value, and return it; the longest unused one goes when there are too many."""
        self._values[key] = value
        self._values.move_to_end(key)
        if len(self._values) > self._most:
            self._values.popitem(last=False)
        return value


class RecentBytes(Generic[Key, Value]):
    """The values that were used last, together at most so many bytes as their owner tells."""

    def __init__(self, most_bytes: int) -> None:
        self._room = most_bytes
        self._values: OrderedDict[Key, tuple[Value, int]] = OrderedDict()

    def get(self, key: Key) -> Value | None:
        """The value, which then counts as used; None when it is not remembered."""
        known = self._values.get(key)
        if known is None:
            return None
        self._values.move_to_end(key)
        return known[0]

    def put(self, key: Key, value: Value, size: int) -> None:
        """Remember a value of so many bytes; the longest unused ones go when there is no room."""
        self.drop(key)
        self._values[key] = value, size
        self._room -= size
        while self._room < 0:
            self._room += self._values.popitem(last=False)[1][1]

    def drop(self, key: Key) -> None:
        """Forget a value, if it is remembered."""
        known = self._values.pop(key, None)
        self._room += known[1] if known is not None else 0

    def names(self) -> list[Key]:
        """What is remembered, the longest unused one first."""
        return [*self._values]
