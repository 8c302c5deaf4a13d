"""What is sent as files: kept in memory, never on the disk, and no more of it than a view takes.

Django writes a large file beside the vault, unsealed, while it is received. Here a file that is too
large is read past and handed to the view as `is_dropped`, so that the others are kept.
"""

from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from typing import IO, Any, TypeVar

from django.core.files.uploadedfile import InMemoryUploadedFile, UploadedFile
from django.core.files.uploadhandler import FileUploadHandler
from django.http import HttpRequest, QueryDict
from django.utils.datastructures import MultiValueDict

View = TypeVar("View", bound=Callable[..., Any])

_ATTRIBUTE = "takes_files"


@dataclass(frozen=True, slots=True)
class Room:
    """How many bytes a view takes: of one file, and of all of a request."""

    a_file: int
    a_request: int


# What a view has that says nothing, and whoever did not sign in.
USUAL = Room(a_file=5 * 1024 * 1024, a_request=5 * 1024 * 1024)


def takes_files(*, a_file: int, a_request: int) -> Callable[[View], View]:
    """Declare how many bytes of files a view takes from people who signed in."""

    def declare(view: View) -> View:
        setattr(view, _ATTRIBUTE, Room(a_file, a_request))
        return view

    return declare


def is_dropped(file: "UploadedFile[Any]") -> bool:
    """Tell whether a file was too large for its view, so that nothing of it was kept."""
    return isinstance(file, _Dropped)


class InMemory(FileUploadHandler):
    """Keeps each file of a request in memory while there is room for it."""

    def __init__(self, request: HttpRequest | None = None) -> None:
        super().__init__(request)
        self.left = 0
        self.room = USUAL

    def handle_raw_input(
        self,
        input_data: IO[bytes],
        META: dict[str, str],  # noqa: N803 -- Django's name
        content_length: int,
        boundary: str,
        encoding: str | None = None,
    ) -> "tuple[QueryDict, MultiValueDict[str, UploadedFile[Any]]] | None":
        """Learn how much the view takes, which is known by now."""
        del input_data, META, content_length, boundary, encoding
        self.room = _room_of(self.request)
        self.left = self.room.a_request
        return None

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Begin a file."""
        super().new_file(*args, **kwargs)
        self.kept: BytesIO | None = BytesIO()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        """Keep a piece, or let go of the whole file once it is too large."""
        if self.kept is not None:
            if start + len(raw_data) > self.room.a_file or len(raw_data) > self.left:
                self.left += self.kept.tell()
                self.kept = None
            else:
                self.left -= len(raw_data)
                self.kept.write(raw_data)
        return None

    def file_complete(self, file_size: int) -> "UploadedFile[Any]":
        """Hand over the file, empty where it was too large."""
        make = InMemoryUploadedFile if self.kept is not None else _Dropped
        content = self.kept or BytesIO()
        content.seek(0)
        return make(
            file=content,
            field_name=self.field_name,
            name=self.file_name,
            content_type=self.content_type,
            size=file_size,
            charset=self.charset,
            content_type_extra=self.content_type_extra,
        )


class _Dropped(InMemoryUploadedFile):
    """A file that was too large: its name and its size, and nothing in it."""


def _room_of(request: HttpRequest | None) -> Room:
    match = request.resolver_match if request is not None else None
    room = getattr(match.func, _ATTRIBUTE, None) if match is not None else None
    if room is None or request is None or not request.user.is_authenticated:
        return USUAL
    assert isinstance(room, Room)
    return room
