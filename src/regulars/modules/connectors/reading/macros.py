"""The words of the scratch database: what a cell's text means, as SQL over whole columns."""

from __future__ import annotations

import duckdb

from .decoding import BLANKS

_DAY = "([0-9]{8}|[0-9]{4}(-[0-9]{1,2}-|/[0-9]{1,2}/)[0-9]{1,2})"
_CLOCK = "[0-9]{1,2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,9})?)?"
_OFFSET = "([zZ]|[+-][0-9]{2}(:?[0-9]{2})?)"
# Most cells are plain; telling so by one pattern spares them the slower words.
_BARE = "[!-&(-<>-~]([ -~]*[!-~])?"
_USUAL_TIME = "[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}"
BLANKS_SQL = "'" + BLANKS + "'"

_MACROS = f"""
CREATE MACRO unwrapped(t) AS CASE
    WHEN starts_with(t, '="') AND ends_with(t, '"') THEN trim(t[3:-2], {BLANKS_SQL})
    WHEN starts_with(t, '''') THEN trim(t[2:], {BLANKS_SQL})
    ELSE t END;
CREATE MACRO cell(x) AS CASE WHEN regexp_full_match(x, '{_BARE}') THEN x
    ELSE nullif(unwrapped(trim(x, {BLANKS_SQL})), '') END;
CREATE MACRO shortest(x) AS CASE
    WHEN isfinite(x) AND x = trunc(x) AND abs(x) < 9007199254740992
    THEN CAST(CAST(x AS BIGINT) AS VARCHAR) ELSE CAST(x AS VARCHAR) END;
CREATE MACRO rounded(x, decimals) AS coalesce(
    CAST(round(TRY_CAST(CAST(x AS VARCHAR) AS DECIMAL(38, 20)), decimals) AS VARCHAR),
    CAST(x AS VARCHAR));
CREATE MACRO trimmed(t) AS CASE
    WHEN contains(t, '.') THEN rtrim(rtrim(t, '0'), '.') ELSE t END;
CREATE MACRO is_control(t) AS
    NOT regexp_full_match(t, '[ -~]*') AND regexp_matches(t, '[\\x00-\\x1f\\x7f]');
CREATE MACRO is_exponent(t) AS regexp_full_match(t, '-?[0-9]+([.][0-9]+)?[eE][+][0-9]+');
CREATE MACRO is_count(t) AS regexp_full_match(t, '-?[0-9]{{1,20}}([.]0{{1,20}})?');
CREATE MACRO counted(t) AS CASE
    WHEN is_count(t) THEN CAST(split_part(t, '.', 1) AS HUGEINT) END;
CREATE MACRO is_amount(t) AS regexp_full_match(t, '-?[0-9]{{1,20}}([.][0-9]{{1,20}})?');
CREATE MACRO is_usual(t, decimals) AS
    regexp_full_match(t, '-?[0-9]{{1,16}}[.][0-9]{{' || decimals || '}}');
CREATE MACRO is_finer(t, decimals) AS NOT is_usual(t, decimals) AND
    rtrim(substr(split_part(t, '.', 2), decimals + 1), '0') <> '';
CREATE MACRO minor(t, decimals) AS CASE
    WHEN is_usual(t, decimals) THEN CAST(replace(t, '.', '') AS HUGEINT)
    WHEN is_amount(t) AND NOT is_finer(t, decimals)
    THEN CAST(split_part(t, '.', 1) || rpad(split_part(t, '.', 2), decimals, '0') AS HUGEINT) END;
CREATE MACRO is_time(t) AS regexp_full_match(t, '{_DAY}([T ] *{_CLOCK}( ?{_OFFSET})?)?');
CREATE MACRO offset_text(t) AS CASE WHEN contains(t, ':')
    THEN regexp_extract(t, ' ?{_OFFSET}$') ELSE '' END;
CREATE MACRO dashed(t) AS CASE WHEN contains(t[:8], '-') OR contains(t[:8], '/')
    THEN replace(replace(t, '/', '-'), 'T', ' ') ELSE
    t[:4] || '-' || t[5:6] || '-' || t[7:8] || ' ' || ltrim(replace(t[9:], 'T', ' ')) END;
CREATE MACRO local_of(t) AS CASE
    WHEN regexp_full_match(t, '{_USUAL_TIME}') THEN TRY_CAST(t AS TIMESTAMP)
    WHEN is_time(t)
    THEN TRY_CAST(trim(dashed(t[:length(t) - length(offset_text(t))])) AS TIMESTAMP) END;
CREATE MACRO offset_minutes(o) AS CASE
    WHEN o IN ('z', 'Z') THEN 0
    ELSE (CASE WHEN o[1] = '-' THEN -1 ELSE 1 END)
        * (60 * TRY_CAST(o[2:3] AS BIGINT)
            + coalesce(TRY_CAST(replace(o[4:], ':', '') AS BIGINT), 0)) END;
CREATE MACRO offset_of(t) AS CASE WHEN is_time(t) AND offset_text(t) <> ''
    THEN 60000000 * offset_minutes(trim(offset_text(t))) END;
"""


def create_macros(connection: duckdb.DuckDBPyConnection) -> None:
    """Teach the scratch database the words that the expressions use."""
    connection.execute(f"BEGIN; {_MACROS} COMMIT")
