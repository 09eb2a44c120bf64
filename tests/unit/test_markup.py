"""Markup: a string is text, whatever it holds; what cannot be seen becomes visible."""

import html

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.core.markup import Html, Ink, join, tag, text

any_text = st.text(st.characters(exclude_categories=[]) | st.sampled_from("<>&\"'\0\x1b\u202e\ud800"))


def test_an_element_escapes_text_and_keeps_markup():
    assert tag("p", "1 < 2 & ", Html("<b>x</b>")) == "<p>1 &lt; 2 &amp; <b>x</b></p>"


def test_an_attribute_cannot_end_itself():
    assert tag("a", href="\"><script>'") == '<a href="&quot;&gt;&lt;script&gt;&#x27;"></a>'


def test_names_of_attributes_read_as_html():
    assert tag("td", class_="x", aria_label="y", hidden=True, id=None, open=False) == (
        '<td class="x" aria-label="y" hidden></td>'
    )


def test_elements_without_content_have_no_end():
    assert tag("meta", charset="utf-8") == '<meta charset="utf-8">'


def test_nothing_is_left_out():
    assert join(["a", None, "", "b"]) == "ab"


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("\x1b", "␛"), ("\x00", "␀"), ("\n", "␊"), ("\r", "␍"), ("\x7f", "␡"), ("\x9b", "U+009B"),
        ("\u202e", "U+202E"), ("\u2066", "U+2066"), ("\u2028", "U+2028"), ("\u200b", "U+200B"),
        ("\ufeff", "U+FEFF"), ("\ud800", "U+D800"),
    ],
    ids=ascii,
)  # fmt: skip
def test_what_cannot_be_seen_is_shown(hostile, shown):
    assert text(f"a{hostile}b") == f'a<span class="unseen">{shown}</span>b'


def test_lines_are_kept_where_they_are_wanted():
    assert text("a\n\tb\r", lines=True) == 'a\n\tb<span class="unseen">␍</span>'


def test_joiners_that_scripts_and_emoji_need_are_left_alone():
    assert text("👩‍👧 می‌خواهم") == "👩‍👧 می‌خواهم"


@given(any_text)
def test_whatever_is_written_can_be_encoded_and_holds_no_markup(said):
    written = tag("bdi", text(said)).encode().decode()
    inside = written.removeprefix("<bdi>").removesuffix("</bdi>")
    bare = inside.replace('<span class="unseen">', "").replace("</span>", "")
    assert "<" not in bare
    assert ">" not in bare
    attribute = tag("p", title=said)
    assert attribute.count('"') == 2
    assert attribute.encode()


# --- secrets -------------------------------------------------------------------------


def test_ink_masks_secrets_before_it_cuts():
    ink = Ink(["s3cret-token"])
    assert ink.foreign("a s3cret-token b") == "<bdi>a *** b</bdi>"
    assert ink.foreign("1234 s3cret-token", most=10) == "<bdi>1234 ***</bdi>"
    assert "s3c" not in ink.attribute("xx s3cret-token", most=9)


def test_a_secret_that_holds_another_is_masked_whole():
    assert Ink(["abcdef", "abcdef-ghi"]).mask("abcdef-ghi abcdef") == "*** ***"


def test_ink_without_secrets_changes_nothing():
    assert html.unescape(Ink().foreign("a & b")) == "<bdi>a & b</bdi>"


def test_long_text_is_cut_with_a_sign():
    assert Ink().foreign("x" * 50, most=10) == f"<bdi>{'x' * 9}…</bdi>"
