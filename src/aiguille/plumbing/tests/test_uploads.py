"""Files of a request: kept in memory as far as the view has room, and never on the disk."""

from types import SimpleNamespace

import pytest
from django.core.files.uploadedfile import InMemoryUploadedFile, SimpleUploadedFile
from django.http import HttpRequest
from django.test import RequestFactory

from aiguille.plumbing.uploads import USUAL, is_dropped, takes_files


@takes_files(a_file=3000, a_request=5000)
def roomy(request: HttpRequest) -> None:
    """Take files of 3,000 bytes, and 5,000 in all."""


def plain(request: HttpRequest) -> None:
    """Say nothing of files."""


def posted(view: object, *sizes: int, signed_in: bool = True) -> list[InMemoryUploadedFile]:
    files = [SimpleUploadedFile(f"{size}.bin", b"x" * size) for size in sizes]
    request = RequestFactory().post("/", {"files": files, "name": "Anna"})
    request.user = SimpleNamespace(is_authenticated=signed_in)  # type: ignore[assignment]
    request.resolver_match = SimpleNamespace(func=view)  # type: ignore[assignment]
    assert request.POST["name"] == "Anna"
    return request.FILES.getlist("files")  # type: ignore[return-value]


def dropped(files: list[InMemoryUploadedFile]) -> list[bool]:
    return [is_dropped(file) for file in files]


@pytest.mark.parametrize(
    ("sizes", "lost"),
    [
        ((1000, 2000), [False, False]),
        ((3000,), [False]),
        ((3001, 1000), [True, False]),
        ((3000, 2500, 2000), [False, True, False]),  # what was let go of leaves its room
    ],
)
def test_one_that_is_too_large_takes_no_room_from_the_others(
    sizes: tuple[int, ...], lost: list[bool]
) -> None:
    files = posted(roomy, *sizes)

    assert dropped(files) == lost
    for file, size, is_lost in zip(files, sizes, lost, strict=True):
        assert file.name == f"{size}.bin"
        assert file.read() == (b"" if is_lost else b"x" * size)


def test_no_file_of_any_size_is_written_to_the_disk() -> None:
    (file,) = posted(plain, USUAL.a_file)

    assert isinstance(file, InMemoryUploadedFile)
    assert not hasattr(file, "temporary_file_path")
    assert dropped(posted(plain, USUAL.a_file + 1)) == [True]


@takes_files(a_file=10**8, a_request=10**8)
def vast(request: HttpRequest) -> None:
    """Take more than anybody sends."""


def test_who_did_not_sign_in_gets_the_usual_room() -> None:
    size = USUAL.a_file + 1

    assert dropped(posted(vast, size, signed_in=False)) == [True]
    assert dropped(posted(vast, size)) == [False]
