"""Link tokens: genuine ones verify, every forgery does not; keys are made once."""

import threading

import pytest

from hudhud.kit.crypto import Keys, hash_secret, load_keys, new_secret

KEYS = Keys((b"new", b"old"))


def test_a_genuine_token_gives_its_payload_back() -> None:
    assert KEYS.verify("click", KEYS.sign("click", b"payload")) == b"payload"


def test_an_old_key_still_verifies_after_rotation() -> None:
    assert KEYS.verify("click", Keys((b"old",)).sign("click", b"x")) == b"x"


def test_a_token_for_one_purpose_is_worthless_for_another() -> None:
    assert KEYS.verify("unsubscribe", KEYS.sign("click", b"x")) is None


def test_no_single_character_can_be_changed_added_or_removed() -> None:
    token = KEYS.sign("click", b"\x00\x01payload")
    forged = [token[:i] + chr(ord(token[i]) ^ 1) + token[i + 1 :] for i in range(len(token))]
    shortened = [token[:i] for i in range(len(token))]
    for other in [*forged, *shortened, token + "A", token + "=", " " + token, token + "\n"]:
        assert KEYS.verify("click", other) is None, other


@pytest.mark.parametrize("junk", ["", "é", "****", "A" * 10_000])
def test_junk_is_refused_without_an_exception(junk: str) -> None:
    assert KEYS.verify("click", junk) is None


def test_the_key_file_is_made_once_by_many_at_once_and_is_private(tmp_path) -> None:  # noqa: ANN001
    found: list[Keys] = []
    threads = [threading.Thread(target=lambda: found.append(load_keys("", tmp_path))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 1
    assert (tmp_path / "secret.key").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["secret.key"]


def test_secrets_are_long_random_and_stored_only_as_a_hash() -> None:
    made = {new_secret("hk_api") for _ in range(100)}
    assert len(made) == 100
    assert all(len(secret) >= 33 for secret in made)
    assert hash_secret("hk_api_x") != b"hk_api_x"
    assert len(hash_secret("hk_api_x")) == 32
