// Search in texts like the server: without regard to case, accents and composition. Mirrors common/text_matching.py;
// tests/browser/test_search.py compares the two.
"use strict";

(() => {
  const IGNORABLE = /[\p{Cf}\p{Default_Ignorable_Code_Point}]/gu;
  const BLANK = /[\0-\x20\x7f-\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u2800\u3000]+/g;
  const LONE_ACCENTS = /(?<= )[\u0300-\u036f]+/g;
  const POINTS =
    /[\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u0640\u064b-\u0652\u0656-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed\u0898-\u089f\u08ca-\u08e1\u08e3-\u08ff]/g;
  const ACCENTS =
    /([A-Za-z\u00aa-\u02af\u0370-\u0482\u048a-\u052f\u1c80-\u1c8f\u1d00-\u1dbf\u1e00-\u1fff\u2c60-\u2c7f\ua640-\ua66d\ua680-\ua69d\ua722-\ua7ff\uab30-\uab6f])[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\u2de0-\u2dff\ua66f-\ua67d\ua69e\ua69f\ufe20-\ufe2f]+|(\u0627)[\u0653-\u0655]+/g;
  const LETTERS = { ...each("ςøłđħŧıðƀɨ", "σoldhtidbi"), æ: "ae", œ: "oe", þ: "th", ...each("‘’‛ʻʼʽˈ`", "'"), ...each("‐‑‒–—―−", "-"), ...each("یىک", "ييك") };

  function each(from, to) {
    return Object.fromEntries([...from].map((letter, at) => [letter, to[at] ?? to[0]]));
  }

  window.searchKey = (text) => {
    const plain = text.normalize("NFKD").replace(IGNORABLE, "").replace(POINTS, "").replace(LONE_ACCENTS, "").replace(ACCENTS, "$1$2");
    const lower = plain.toLowerCase().toUpperCase().toLowerCase();
    return [...lower].map((letter) => LETTERS[letter] ?? letter).join("").normalize("NFC").replace(BLANK, " ").trim();
  };

  // Return whether every word is in the text.
  window.matchesSearch = (words, text) => {
    const key = window.searchKey(text);
    return window.searchKey(words).split(" ").every((term) => key.includes(term));
  };
})();
