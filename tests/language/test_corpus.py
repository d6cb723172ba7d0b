"""Long texts in one or two bytes a symbol, and in little memory."""

import hashlib
import os
import threading
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnnlib.language import read_text, text
from rnnlib.language.corpus import corpus_of, read_corpus
from rnnlib.language.text import Alphabet, split_in_three

TEXTS = st.text(st.characters(exclude_characters="\0"), min_size=2, max_size=60)


@settings(max_examples=60)
@given(TEXTS, st.integers(1, 7), st.booleans())
def test_as_the_whole_text_is_read(tmp_path_factory, content, size, bom):
    """Whatever the pieces: characters, line ends and marks lie across their edges."""
    path = tmp_path_factory.mktemp("text") / "a.txt"
    path.write_bytes(b"\xef\xbb\xbf" * bom + ("ab" + content).encode())
    expected = ("ab" + content) if bom else ("ab" + content).removeprefix("\ufeff")
    expected = expected.replace("\r\n", "\n").replace("\r", "\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text, "PIECE", size)
        corpus = read_corpus(path)
        assert read_text(path) == expected
        assert corpus.alphabet.decode(corpus.indices) == expected
    assert corpus.alphabet == Alphabet.of(expected)
    assert corpus.digest == hashlib.sha256(expected.encode()).hexdigest()
    same = corpus_of(expected)
    assert same.digest == corpus.digest and same.alphabet == corpus.alphabet
    assert np.array_equal(same.indices, corpus.indices)
    assert same.indices.dtype == corpus.indices.dtype == np.uint8


@pytest.mark.parametrize("content", [b"ab\xffcd", b"abcd\xc3", b"a\0b", b"", b"\xc3("])
@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_places_of_what_is_wrong(tmp_path, monkeypatch, content, size):
    path = tmp_path / "a.txt"
    path.write_bytes(content)
    with pytest.raises(ValueError) as whole:
        read_text(path)
    monkeypatch.setattr(text, "PIECE", size)
    for read in (read_text, read_corpus):
        with pytest.raises(ValueError) as error:
            read(path)
        assert str(error.value) == str(whole.value)


def test_two_bytes_for_more_than_256_symbols(tmp_path):
    for size, dtype in ((256, np.uint8), (257, np.uint16)):
        content = "".join(map(chr, range(0x4E00, 0x4E00 + size))) * 3
        (tmp_path / "a.txt").write_text(content, encoding="utf-8")
        for corpus in (read_corpus(tmp_path / "a.txt"), corpus_of(content)):
            assert corpus.indices.dtype == dtype and len(corpus.alphabet) == size
            assert np.array_equal(corpus.indices, np.tile(np.arange(size), 3))


def test_little_memory_and_no_file_that_stays(tmp_path, monkeypatch):
    path = tmp_path / "a.txt"
    path.write_text("The quick brown fox jumps over a lazy dog.\n" * 400_000)
    monkeypatch.setattr(text, "PIECE", 2**16)
    before = os.listdir(os.environ.get("TMPDIR", "/tmp"))
    tracemalloc.start()
    corpus = read_corpus(path)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert isinstance(corpus.indices, np.memmap) and len(corpus.indices) == 17_200_000
    assert most < 4e6
    new = set(os.listdir(os.environ.get("TMPDIR", "/tmp"))) - set(before)
    assert not any(os.path.isfile(os.path.join("/tmp", name)) for name in new)
    with pytest.raises((ValueError, TypeError)):
        corpus.indices[0] = 1


def test_a_pipe_is_read_once(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    writer = threading.Thread(target=(tmp_path / "pipe").write_text, args=["abcab\r\n"])
    writer.start()
    corpus = read_corpus(tmp_path / "pipe")
    writer.join()
    assert corpus.alphabet.decode(corpus.indices) == "abcab\n"
    writer = threading.Thread(target=(tmp_path / "pipe").write_bytes, args=[b"a\xff"])
    writer.start()
    with pytest.raises(ValueError, match="/pipe: expected UTF-8, got byte 0xff"):
        read_corpus(tmp_path / "pipe")
    writer.join()


@pytest.mark.parametrize("other", ["abcabb", "abcabd", "abca", "abcabca"])
def test_a_text_that_changes_meanwhile(tmp_path, monkeypatch, other):
    path = tmp_path / "a.txt"
    path.write_text("abcabc")
    real = Alphabet.__post_init__

    def changed(self):
        path.write_text(other)
        real(self)

    monkeypatch.setattr(Alphabet, "__post_init__", changed)
    with pytest.raises(ValueError, match=r"a\.txt: changed while it was read"):
        read_corpus(path)


def test_refusals(tmp_path):
    with pytest.raises(FileNotFoundError, match="absent: no such file"):
        read_corpus(tmp_path / "absent")
    with pytest.raises(ValueError, match="expected a text file, got a folder"):
        read_corpus(tmp_path)
    (tmp_path / "a.txt").write_text("abcde")
    for read in (
        lambda w: read_corpus(tmp_path / "a.txt", w),
        lambda w: corpus_of("abcde", w),
    ):
        assert len(read(4).indices) == 5
        with pytest.raises(
            ValueError, match="expected at least 6 characters .*, got 5"
        ):
            read(5)
        with pytest.raises(
            ValueError, match="^window: expected an integer >= 1, got 0"
        ):
            read(0)


def test_the_place_of_an_unknown_character_in_a_long_text(monkeypatch):
    monkeypatch.setattr(text, "PIECE", 3)
    with pytest.raises(ValueError, match="character '!' .* at position 7 is"):
        Alphabet.of("ab").encode("abababa!b!")
    assert Alphabet.of("abc").encode("cabcabc").tolist() == [2, 0, 1, 2, 0, 1, 2]
    assert Alphabet.of("abc").encode("cab", np.uint8).dtype == np.uint8


@given(st.integers(8, 300), st.floats(0.02, 0.98))
def test_three_parts(n, fraction):
    indices = np.arange(n)
    held_out = round(n * fraction)
    if held_out < 5 or n - held_out < 3:
        return
    train, validation, test = split_in_three(indices, fraction)
    assert np.array_equal(np.concatenate([train, validation, test]), indices)
    assert len(test) - len(validation) in (0, 1)
    assert abs(len(validation) + len(test) - n * fraction) <= 0.5 + 1e-9


def test_too_few_for_three_parts():
    assert list(map(len, split_in_three(np.arange(40), 0.1))) == [36, 2, 2]
    message = "each part, got 1 for validation and 2 for the test"
    with pytest.raises(ValueError, match=f"^fraction: expected two .*{message}"):
        split_in_three(np.arange(30), 0.1)
    with pytest.raises(ValueError, match="^fraction: expected a number between"):
        split_in_three(np.arange(30), 1)
