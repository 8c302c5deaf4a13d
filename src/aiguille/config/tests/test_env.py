import pytest
from django.core.exceptions import ImproperlyConfigured

from aiguille.config.env import Database, Env


def env(**variables):
    return Env(variables)


class TestText:
    def test_an_empty_value_is_an_absent_one(self):
        assert env(A="  ").text("A", "default") == "default"

    def test_a_secret_may_come_from_a_file(self, tmp_path):
        file = tmp_path / "secret"
        file.write_text("s3cret\n")
        assert env(A_FILE=str(file)).text("A") == "s3cret"

    def test_the_variable_wins_over_its_file(self, tmp_path):
        assert env(A="here", A_FILE=str(tmp_path / "absent")).text("A") == "here"

    def test_a_file_that_cannot_be_read_is_named(self, tmp_path):
        with pytest.raises(ImproperlyConfigured, match=r"A_FILE names .*absent"):
            env(A_FILE=str(tmp_path / "absent")).text("A")

    def test_what_is_required_says_what_it_is_for(self):
        with pytest.raises(ImproperlyConfigured, match="A is not set: it opens the door"):
            env().required("A", "it opens the door")


@pytest.mark.parametrize(
    ("value", "expected"),
    [("1", True), ("YES", True), ("on", True), ("0", False), ("False", False), ("", None)],
)
def test_a_flag_is_a_yes_or_a_no(value, expected):
    for default in (True, False):
        read = env(A=value).flag("A", default=default)
        assert read is (default if expected is None else expected)


@pytest.mark.parametrize("value", ["2", "maybe", "true-ish"])
def test_a_flag_is_nothing_else(value):
    with pytest.raises(ImproperlyConfigured, match=r"A is .*1 or 0"):
        env(A=value).flag("A", default=False)


@pytest.mark.parametrize("value", ["0", "65536", "-1", "1.5", "1e3", "²", "8000x"])
def test_a_port_outside_its_bounds_is_refused(value):
    with pytest.raises(ImproperlyConfigured, match="whole number from 1 to 65535"):
        env(PORT=value).integer("PORT", 8000, least=1, most=65535)


def test_a_choice_names_the_choices():
    with pytest.raises(ImproperlyConfigured, match="one of development, production"):
        env(A="staging").choice("A", "development", ("development", "production"))


def test_pairs_keep_their_order():
    assert list(env(A="b:1, a:2==").pairs("A").items()) == [("b", "1"), ("a", "2==")]
    with pytest.raises(ImproperlyConfigured, match="key:value"):
        env(A="b:1,a").pairs("A")


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        (
            "postgresql://me:p%40ss@db.example.org:5433/clinic?sslmode=require",
            Database("clinic", "me", "p@ss", "db.example.org", "5433", (("sslmode", "require"),)),
        ),
        (
            "postgres:///clinic?host=/run/pg&user=me",
            Database("clinic", "me", "", "/run/pg", ""),
        ),
        ("", None),
    ],
)
def test_a_database_address_is_read_as_libpq_reads_it(address, expected):
    assert env(URL=address).database("URL") == expected


@pytest.mark.parametrize(
    "address",
    ["mysql://me@host/clinic", "postgresql://me@host", "clinic", "postgresql://h:x/clinic"],
)
def test_another_address_is_refused(address):
    with pytest.raises(ImproperlyConfigured, match="URL"):
        env(URL=address).database("URL")
