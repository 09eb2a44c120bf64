"""What the report card's page adds to the style sheet of the reports."""

from __future__ import annotations

from typing import Final

CARD_STYLE: Final = """
/* the report card */
.c-warned .k-silent { --tone: var(--cut); }
.c-skipped .k-cut { --tone: var(--quiet); }
.checks li { display: grid; grid-template-columns: auto minmax(0, 17rem) minmax(0, 1fr); gap: 0 .75rem; padding: .55rem 0; border-top: 1px solid var(--grid); }
.content > h3 + .checks { margin-top: .6rem; }
.content > .checks + h3 { margin-top: 2rem; }
.checks .sign { margin: .2em 0 0; }
.checks strong { font-weight: 600; }
.checks code { color: var(--quiet); font-size: .75rem; display: block; }
.checks .found { color: var(--quiet); }
.c-failed .found, .c-failed > .found { color: var(--refused); }
.c-warned .found { color: var(--cut); }
.change { padding-bottom: 2.25rem; scroll-margin-top: 1rem; }
.change + .change { border-top: 1px solid var(--rule); padding-top: 2.25rem; margin-top: 0; }
.change > * + * { margin-top: 1rem; }
.change > h3 { font-size: 1.0625rem; }
.change > h3 code { color: var(--quiet); font-weight: 400; margin-left: .4rem; }
.change > h3 + .found { margin-top: .3rem; }
.change .attempt > summary .answer { color: inherit; margin-left: auto; overflow-wrap: anywhere; }
.change .inside > h4 { font-size: .8125rem; color: var(--quiet); font-weight: 500; }
.change .inside > h4 + * { margin-top: .4rem; }
.told { display: grid; grid-template-columns: 8.5rem minmax(0, 1fr); gap: 0 1rem; }
.told h4, .codes h4 { font-size: .8125rem; color: var(--quiet); font-weight: 500; padding-top: .12rem; }
.told p { max-width: 72ch; text-wrap: pretty; }
.codes { display: grid; gap: 1rem; }
.codes > div { min-width: 0; }
.codes pre { margin-top: .4rem; white-space: pre; }
.asked code { white-space: nowrap; }
@media (max-width: 44rem) {
  .checks li { grid-template-columns: auto minmax(0, 1fr); }
  .checks .found { grid-column: 2; }
  .told { grid-template-columns: minmax(0, 1fr); }
}
@media print {
  .checks li, .told { break-inside: avoid; }
  .codes pre { white-space: pre-wrap; }
}
"""
