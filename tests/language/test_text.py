"""Texts of any alphabet become integers and come back; bad files are refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnlib.language import Alphabet, read_text, split
from tests.support.refusals import refuses

CHARACTERS = st.characters()  # without surrogates: what a file in UTF-8 can hold
TEXTS = st.text(CHARACTERS, min_size=1, max_size=60)


@given(TEXTS)
def test_there_and_back(text):
    alphabet = Alphabet.of(text)
    indices = alphabet.encode(text)
    assert indices.dtype == np.int64 and indices.shape == (len(text),)
    assert sorted(set(indices.tolist())) == list(range(len(alphabet)))
    assert alphabet.decode(indices) == text
    assert alphabet.symbols == tuple(sorted(set(text)))
    assert [alphabet.symbols[i] for i in indices] == list(text)


@given(TEXTS, st.text(st.characters(exclude_categories=()), max_size=20))
def test_the_first_unknown_character_is_named(text, other):
    alphabet = Alphabet.of(text)
    unknown = [i for i, c in enumerate(other) if c not in alphabet.symbols]
    if not unknown:
        assert alphabet.decode(alphabet.encode(other)) == other
        return
    with pytest.raises(ValueError) as error:
        alphabet.encode(other)
    place = unknown[0]
    assert f"character {other[place]!a} (U+{ord(other[place]):04X}) at position " in (
        message := str(error.value)
    )
    assert f"position {place} is not among the {len(alphabet)} symbols" in message


def test_surrogates_are_symbols_too():
    alphabet = Alphabet.of("b\ud800a")
    assert alphabet.decode(alphabet.encode("\ud800\ud800b")) == "\ud800\ud800b"


def test_nothing_is_encoded_and_decoded():
    alphabet = Alphabet.of("ab")
    assert alphabet.encode("").shape == (0,) and alphabet.decode([]) == ""


@pytest.mark.parametrize(
    "indices, message",
    [
        ([0, 2], "indices: expected integers from 0 to 1, got 0 to 2"),
        ([-1], "indices: expected integers from 0 to 1, got -1 to -1"),
        ([0.5], r"indices: expected integers \(T,\), got float64 \(1,\)"),
        ([[0]], r"indices: expected integers \(T,\), got int64 \(1, 1\)"),
        (0, "indices: expected integers"),
    ],
)
def test_bad_indices(indices, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        Alphabet.of("ab").decode(indices)


@pytest.mark.parametrize("symbols", [(), "ba", "aa", ("ab", "c"), (1, 2)])
def test_bad_symbols(symbols):
    with pytest.raises(ValueError, match="^symbols: expected"):
        Alphabet(symbols)


@pytest.mark.parametrize("text", ["", None, 3, b"ab"])
def test_no_text(text):
    with pytest.raises(ValueError, match="^text: expected"):
        Alphabet.of(text)
    if text != "":
        with pytest.raises(ValueError, match="^text: expected a str"):
            Alphabet.of("ab").encode(text)


@given(st.integers(4, 300), st.floats(0.02, 0.98))
def test_split(n, fraction):
    indices = np.arange(n)
    exact = n * fraction
    if min(round(exact), n - round(exact)) < 2:
        return
    train, held_out = split(indices, fraction)
    assert np.array_equal(np.concatenate([train, held_out]), indices)
    assert abs(len(held_out) - exact) <= 0.5 + 1e-9


@pytest.mark.parametrize("fraction", [0, 1, -0.1, 1.5, np.nan, "0.1", None, 0.01])
def test_bad_fractions(fraction):
    with pytest.raises(ValueError, match="^fraction: expected"):
        split(np.arange(50), fraction)


@pytest.mark.parametrize(
    ("fraction", "words"),
    [
        (0, "a number between 0 and 1, got 0"),
        (1, "a number between 0 and 1, got 1"),
        (0.02, "two symbols or more in each part, got 49 to train on and 1 held out"),
        (0.98, "two symbols or more in each part, got 1 to train on and 49 held out"),
    ],
)
def test_fractions_at_the_ends(fraction, words):
    refuses(f"fraction: expected {words}", split, np.arange(50), fraction)


@given(text=TEXTS)
def test_files(tmp_path_factory, text):
    path = tmp_path_factory.mktemp("text") / "a.txt"
    text = text.replace("\0", "") + "ab"
    path.write_bytes(text.encode())
    expected = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    assert read_text(path) == read_text(str(path)) == expected


REFUSED = [
    (b"", "expected a text, got an empty file"),
    (b"abc\xff", r"expected UTF-8, got byte 0xff at byte offset 3 \(.*\)"),
    (b"ab\xe9cd", r"expected UTF-8, got byte 0xe9 at byte offset 2 \(.*\)"),
    ("é\0a".encode(), "expected a text, got a binary file: NUL at byte offset 2"),
    (b"PK\x03\x04\x00\x00", "expected a text, got a binary file: NUL at byte offset 4"),
    ("naïve".encode("utf-16"), "expected UTF-8, got byte 0xff at byte offset 0"),
    (b"12345", "expected at least 6 characters for a window of 5 and the next one"),
    ("éééé".encode(), "expected at least 6 characters .*, got 4"),
    (b"\xef\xbb\xbf12345", "expected at least 6 characters .*, got 5"),
]


@pytest.mark.parametrize("content, message", REFUSED)
def test_refused_files(tmp_path, content, message):
    path = tmp_path / "a.txt"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=rf"a\.txt: {message}"):
        read_text(path, window=5)


def test_no_file(tmp_path):
    with pytest.raises(FileNotFoundError, match="absent: no such file"):
        read_text(tmp_path / "absent")
    with pytest.raises(ValueError, match="expected a text file, got a folder"):
        read_text(tmp_path)
    with pytest.raises(ValueError, match="^window: expected an integer >= 1"):
        read_text(tmp_path, window=0)


@given(st.binary(max_size=40))
def test_any_bytes_are_a_text_or_a_clear_error(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("bytes") / "a.txt"
    path.write_bytes(content)
    try:
        text = read_text(path)
    except ValueError as error:
        assert "a.txt: expected" in str(error)
    else:
        assert len(text) >= 2 and "\0" not in text
