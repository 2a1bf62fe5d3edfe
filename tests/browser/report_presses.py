"""Presses on the pages of reports, for the test that presses each of their buttons.

Each press is the address of a page, a control on it, and a part of the address that opens. The part is empty
if the press opens no other page. The names in braces are those of `scene.complete`.
"""

from typing import Final

REPORT: Final = "/reports/classes/{over}/"
PRESSES: Final = (
    ("/classes/{room}/events/?person={person}", 'main a.button.small[href^="?"]', "/events/"),
    ("/lists/{list}/", 'main a[href$="/reports/lists/{list}/"]', "/reports/lists/"),
    ("/lists/{list}/", 'form[action$="/thresholds/"] button.button', "/lists/"),
    ("/classes/{over}/?show=questions", '#questions a[href*="/reports/questions/"]', "/reports/questions/"),
    ("/classes/{over}/", "#to-report", REPORT),
    ("/classes/{over}/not-taken-part/", 'main a[href$="/participation/"]', "/participation/"),
    ("/people/2/", 'main a[href*="teacher="]', "/reports/attendance/"),
    ("/reports/attendance/?q=x", 'main a.button.plain[href="?"]', "/reports/attendance/"),
    ("/reports/attendance/", "main [data-print]", ""),
    ("/reports/attendance/?q=no-such-class", 'main .empty a[href*="period=all"]', "period=all"),
    (REPORT, "main figure summary >> nth=0", ""),
    (REPORT, "main figure summary >> nth=1", ""),
    (REPORT, 'main a.button[href$="/participation/"]', "/participation/"),
    (REPORT, 'main a.button[href*="/reports/questions/"]', "/reports/questions/"),
    (REPORT, 'main a.button[href$="/incident/"]', "/incident/"),
    (REPORT, "main [data-print]", ""),
    ("/reports/classes/{room}/participation/", "main a[data-dialog]", ""),
    ("/reports/classes/{room}/", "main a.button.primary", "/classes/{room}/"),
    (REPORT + "people/{excused}/", "main a.button.plain", REPORT),
    ("/reports/lists/{list}/", 'main a.button[href*="class_list="]', "/reports/attendance/"),
    ("/reports/lists/{list}/", 'main a.button[href$="/lists/{list}/"]', "/lists/{list}/"),
    ("/reports/lists/{list}/", "main [data-print]", ""),
    ("/reports/questions/weeks/?period=all&student={attended}", "main a.button.small", "/weeks/"),
    ("/reports/students/{attended}/", "main [data-print]", ""),
    ("/reports/teaching/", "main [data-print]", ""),
    ("/reports/teaching/?q=no-such-class", 'main .empty a[href*="period=all"]', "period=all"),
)
