"""The one style sheet of a report: light and dark, wide and narrow, screen and paper."""

from __future__ import annotations

from typing import Final

STYLE: Final = """
:root {
  color-scheme: light dark;
  --paper: #fcfbf9; --raised: #f4f2ee; --ink: #1f2529; --quiet: #596168; --rule: #dfdbd3; --grid: #ebe8e2;
  --accent: #1f5673; --taken: #1d6b4a; --refused: #ac2f26; --silent: #7a4a9a; --cut: #76590f; --wait: #8d969c;
  --mono: ui-monospace, "SF Mono", "Cascadia Mono", "Segoe UI Mono", "Roboto Mono", "Noto Sans Mono", "DejaVu Sans Mono", monospace;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #15181a; --raised: #1e2225; --ink: #e4e3df; --quiet: #a3abb1; --rule: #353b40; --grid: #24292d;
    --accent: #8cc3e0; --taken: #6cc79b; --refused: #f2958c; --silent: #c9a3e6; --cut: #dcb964; --wait: #6f7980;
  }
}
*, ::before, ::after { box-sizing: border-box; }
html { font: 100%/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif; -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body { margin: 0 auto; max-width: 78rem; padding: 3rem 2.5rem 4rem; background: var(--paper); color: var(--ink); font-size: .9375rem; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
h1, h2, h3, h4, h5, h6, p, ul, ol, dl, dd, figure, pre, table { margin: 0; padding: 0; }
h1, h2, h3, h4, h5, h6 { font-weight: 600; line-height: 1.3; text-wrap: balance; }
ul, ol { list-style: none; }
a { color: var(--accent); text-underline-offset: .2em; text-decoration-thickness: 1px; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 2px; }
code, pre { font: .8125rem/1.6 var(--mono); font-variant-ligatures: none; }
.skip { position: absolute; left: -99rem; }
.skip:focus { left: 1rem; top: 1rem; }
.note, .label, .actual { color: var(--quiet); }
.note { font-size: .875rem; max-width: 68ch; }
.content > * + *, .inside > * + * { margin-top: 1.25rem; }
.unseen { color: var(--refused); font: .8em var(--mono); border: 1px solid; border-radius: 3px; padding: 0 .2em; margin: 0 .1em; }

/* the marks of outcomes: a shape and a colour each */
.sign { width: 1.05em; height: 1.05em; flex: none; vertical-align: -.16em; overflow: visible; margin-right: .4em; }
.k-taken { --tone: var(--taken); } .k-refused { --tone: var(--refused); } .k-silent { --tone: var(--silent); } .k-cut, .k-due { --tone: var(--cut); }
.sign g, .mark { fill: var(--tone); stroke: none; }
.sign .in, .mark .in { fill: none; stroke: var(--paper); stroke-width: 1.9; stroke-linecap: round; stroke-linejoin: round; }
.sign .hollow, .mark .hollow { fill: var(--paper); stroke: var(--tone); stroke-width: 2; }
.k-due .hollow { stroke-dasharray: 3 2; }
.answer, .chain > span { color: var(--tone); }
.status { white-space: nowrap; font-size: .8125rem; letter-spacing: .02em; }
.s-success { color: var(--taken); } .s-failed, .s-dead_letter { color: var(--refused); } .s-pending { color: var(--cut); }

/* the head of the page */
.masthead { padding-bottom: 2.25rem; border-bottom: 1px solid var(--rule); }
.brand { font-weight: 600; letter-spacing: .01em; margin-bottom: 2.5rem; }
.brand span { color: var(--quiet); font-weight: 400; }
h1 { font-size: clamp(1.625rem, 1.2rem + 2vw, 2.375rem); letter-spacing: -.018em; line-height: 1.18; max-width: 38ch; }
.lead { color: var(--quiet); font-size: 1.0625rem; max-width: 72ch; margin-top: .75rem; text-wrap: pretty; }
.outcome { display: flex; flex-wrap: wrap; align-items: center; gap: 1.25rem 3rem; margin-top: 2rem; }
.verdict { display: inline-flex; align-items: center; font-weight: 600; color: var(--tone); }
.outcome .verdict { font-size: 1.3125rem; padding: .45rem 1.1rem .45rem .8rem; border: 1.5px solid; border-radius: 2rem; }
.v-passed { --tone: var(--taken); } .v-failed { --tone: var(--refused); } .v-interrupted { --tone: var(--cut); }
.figures { display: flex; flex-wrap: wrap; gap: 1rem 2.25rem; }
.figures div { display: flex; flex-direction: column-reverse; }
.figures dd { font-size: 1.3125rem; line-height: 1.25; letter-spacing: -.01em; white-space: nowrap; }
.figures dt { color: var(--quiet); font-size: .8125rem; }

/* parts: the title beside its content where there is room */
article + article { border-top: 1px solid var(--rule); }
nav { padding-top: 2rem; }
nav + article { margin-top: 2rem; border-top: 1px solid var(--rule); }
article > header { padding-top: 3rem; display: flex; flex-wrap: wrap; gap: .25rem 1.5rem; align-items: baseline; }
article > header .lead { flex-basis: 100%; margin-top: 0; }
article > header h2 { font-size: 1.5rem; letter-spacing: -.012em; }
.part { display: grid; grid-template-columns: 9.5rem minmax(0, 1fr); gap: 0 2rem; padding: 2.25rem 0; }
.part + .part { border-top: 1px solid var(--rule); }
.part > :first-child { font-size: 1rem; padding-top: .05rem; position: sticky; top: 1.5rem; align-self: start; }
.content h3, .content h4 { font-size: .9375rem; }

.expectations li { display: grid; grid-template-columns: auto 1fr; }
.expectations li + li { margin-top: .75rem; }
.expectations .sign { margin: .22em .7em 0 0; }
.expectations p { grid-column: 2; }
.expectations strong { font-weight: 600; }
.held strong { color: var(--taken); } .not-held strong, .not-held .actual { color: var(--refused); }

table { border-collapse: collapse; font-size: .875rem; }
caption { text-align: left; color: var(--quiet); font-size: .8125rem; padding-bottom: .4rem; }
th, td { text-align: left; vertical-align: baseline; padding: .4rem 1.5rem .4rem 0; border-bottom: 1px solid var(--grid); font-weight: 400; }
thead th { color: var(--quiet); font-size: .8125rem; border-bottom-color: var(--rule); white-space: nowrap; }
tbody th { font-weight: 500; }
th.figure, td.figure { text-align: right; }
.total th, .total td { border-bottom: 0; font-weight: 600; }
.tables { display: flex; flex-wrap: wrap; gap: 1.25rem 5rem; align-items: flex-start; }
.scrolls { overflow-x: auto; max-width: 100%; overflow-wrap: break-word; }
.scrolls code { white-space: nowrap; }
.assumptions td:nth-child(2) code { white-space: normal; }
.other th, .other td { background: var(--raised); }
.other th { box-shadow: inset 3px 0 var(--cut); padding-left: .75rem; }
.changed { color: var(--cut); font-size: .8125rem; display: block; }
dl > div { min-width: 0; }
.content > dl:not(.figures), .inside > dl { display: flex; flex-wrap: wrap; gap: .75rem 2.75rem; font-size: .875rem; }
dt { color: var(--quiet); font-size: .8125rem; }
time { white-space: nowrap; }

/* the timeline */
.axis, .timeline > ol > li { display: grid; grid-template-columns: 15rem minmax(0, 1fr); gap: 0 1.25rem; align-items: center; }
.timeline { padding-right: .75rem; }
.timeline > ol > li { border-top: 1px solid var(--grid); }
.axis { color: var(--quiet); font-size: .8125rem; align-items: end; }
.axis .what { line-height: 1; padding-bottom: .35rem; }
.scale { display: block; width: 100%; height: 28px; overflow: visible; }
.scale text { fill: var(--quiet); font-size: 12px; }
.scale .rule { stroke: var(--quiet); stroke-width: 1; }
.scale .shortened { stroke: var(--paper); stroke-width: 3; stroke-dasharray: 3 5; }
.scale .tick { stroke: var(--quiet); }
.who { display: grid; align-items: baseline; grid-template-columns: minmax(0, 1fr) auto; gap: 0 .75rem; font-size: .875rem; padding: .2rem 0; line-height: 1.35; }
.who a { color: inherit; text-decoration: none; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; grid-column: 1 / -1; }
.who a:hover bdi { text-decoration: underline; }
.who .channel { color: var(--quiet); font-size: .75rem; letter-spacing: .03em; }
.who .status { font-size: .75rem; }
.number { color: var(--quiet); display: inline-block; min-width: 1.75em; padding-right: .5em; font-size: .8125rem; }
.track { display: block; width: 100%; height: 22px; overflow: visible; }
.roomy .track { height: 46px; }
.timeline:not(.roomy) .who { grid-template-columns: minmax(0, 1fr) 5.5rem; padding: 0; }
.timeline:not(.roomy) .who a { grid-column: auto; }
.timeline:not(.roomy) .who .status { display: none; }
.track svg { overflow: visible; }
.timeline:not(.roomy) .mark { transform: scale(.74); }
.track line { stroke: var(--wait); }
.track .grid { stroke: var(--grid); }
.track .wait { stroke-width: 1.5; }
.track .due { stroke-dasharray: 3 4; }
.track .emitted { stroke-width: 1.5; }
.track .busy { stroke: var(--tone); stroke-width: 5; opacity: .45; }
.track text { font-size: 11.5px; fill: var(--quiet); paint-order: stroke; stroke: var(--paper); stroke-width: 3px; stroke-linejoin: round; }
.track .answer { fill: var(--tone); font-weight: 600; }
.overview { padding: 0 .75rem 1.75rem 0; }
.overview .columns { display: block; width: 100%; height: 106px; overflow: visible; }
.overview .columns rect { fill: var(--tone); }
.overview .columns .hollow { fill: none; stroke: var(--tone); stroke-width: 1.2; }
.overview .columns .zero { stroke: var(--quiet); }
.overview .columns text { font-size: 12px; fill: var(--quiet); paint-order: stroke; stroke: var(--paper); stroke-width: 4px; stroke-linejoin: round; }
figcaption { color: var(--quiet); font-size: .8125rem; padding-top: .75rem; border-top: 1px solid var(--grid); }
figcaption p { max-width: 80ch; }
.legend { display: flex; flex-wrap: wrap; gap: .25rem 1.5rem; margin-bottom: .35rem; color: var(--ink); }

/* deliveries and their attempts */
summary { cursor: pointer; list-style: none; }
summary::-webkit-details-marker { display: none; }
summary::before { content: ""; width: .45em; height: .45em; border: solid var(--quiet); border-width: 0 1.5px 1.5px 0; transform: rotate(-45deg); margin-right: .35rem; flex: none; }
[open] > summary::before { transform: rotate(45deg) translate(-.1em, -.1em); }
.delivery, .more { border-bottom: 1px solid var(--grid); }
.content > .delivery, .content > .delivery + .delivery { margin-top: 0; }
.content > .delivery:first-child { border-top: 1px solid var(--grid); }
.delivery > summary, .more > summary { display: grid; grid-template-columns: auto 2rem minmax(8rem, 15rem) 6.5rem minmax(0, 1fr) auto; gap: 0 .75rem; align-items: center; padding: .6rem .25rem; }
.more > summary { grid-template-columns: auto 1fr; }
summary:hover { background: var(--raised); }
.delivery > summary > :is(h3, h4), .more > summary > :is(h3, h4) { font-size: .9375rem; font-weight: 500; }
.delivery > summary .channel { color: var(--quiet); font-size: .8125rem; letter-spacing: .02em; }
.delivery > summary .number { min-width: 0; text-align: right; padding-right: 0; }
.chain { display: flex; flex-wrap: wrap; gap: .1rem .9rem; font-size: .8125rem; }
.delivery > .inside, .more > .scrolls { padding: .75rem 0 2rem 3.1rem; scroll-margin-top: 4rem; }
.attempt { border: 1px solid var(--rule); border-radius: 6px; }
.inside > .attempt + .attempt { margin-top: .6rem; }
.attempt > summary { display: flex; flex-wrap: wrap; align-items: center; gap: 0 .9rem; padding: .55rem .9rem; border-radius: 6px; font-size: .875rem; }
.attempt > summary > :is(h4, h5) { font-size: .875rem; }
.attempt > summary .sign { margin: 0 -.3rem 0 0; }
.attempt > summary .answer { font-weight: 600; }
.fault { color: var(--cut); font-style: italic; }
.after, .took { color: var(--quiet); }
.attempt > .inside { padding: .5rem .9rem 1.1rem; }
.exchange { display: grid; grid-template: "sent answered" auto "laid-out exact" auto / minmax(0, 1fr) minmax(0, 1fr); gap: 1.5rem 2rem; }
.sent { grid-area: sent; } .answered { grid-area: answered; } .laid-out { grid-area: laid-out; } .exact { grid-area: exact; }
.exact:nth-child(2) { grid-column: 1 / -1; }
.exchange :is(h5, h6) { font-size: .8125rem; color: var(--quiet); font-weight: 500; border-bottom: 1px solid var(--rule); padding-bottom: .3rem; }
.exchange section > * + * { margin-top: .75rem; }
.exchange section > .label { font-size: .8125rem; margin-bottom: -.4rem; }
.first-line { font: .8125rem/1.5 var(--mono); }
.reason { border-left: 3px solid var(--cut); background: var(--raised); padding: .6rem .9rem; }
.headers { width: 100%; table-layout: fixed; }
.headers th, .headers td { font: .78125rem/1.5 var(--mono); padding: .2rem .75rem .2rem 0; border: 0; }
.headers th { width: 38%; color: var(--quiet); }
.unseen-caption { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
pre { background: var(--raised); border-radius: 5px; padding: .7rem .9rem; white-space: pre-wrap; max-height: 34rem; overflow: auto; tab-size: 4; }
.command { border-left: 3px solid var(--accent); border-radius: 0 5px 5px 0; }
.content > h3 + pre, .content > h4 + pre { margin-top: .5rem; }
footer { border-top: 1px solid var(--rule); padding-top: 1.25rem; color: var(--quiet); font-size: .8125rem; }

@media (max-width: 64rem) {
  .part { grid-template-columns: minmax(0, 1fr); }
  .part > :first-child { font-size: 1.125rem; padding-bottom: .9rem; position: static; }
  .exchange { grid-template: "sent" auto "laid-out" auto "exact" auto "answered" auto / minmax(0, 1fr); }
}
@media (max-width: 44rem) {
  body { padding: 1.5rem 1.1rem 3rem; }
  .brand { margin-bottom: 1.5rem; }
  .axis, .timeline > ol > li { grid-template-columns: minmax(0, 1fr); }
  .axis .what, .scale .minor { display: none; }
  .timeline { padding: 0 .5rem; }
  .timeline > ol > li { padding: .35rem 0; }
  .roomy .who { grid-template-columns: minmax(0, 1fr) auto auto; }
  .roomy .who a { grid-column: auto; }
  .delivery > summary { grid-template-columns: auto minmax(0, 1fr) auto; row-gap: .2rem; }
  .delivery > summary .number { display: none; }
  .delivery > summary .channel { grid-area: 2 / 2; }
  .delivery > summary .chain { grid-area: 3 / 2 / auto / -1; }
  .delivery > summary .status { grid-area: 1 / 3; }
  .delivery > .inside, .more > .scrolls { padding-left: .25rem; }
  .attempt > .inside { padding: .5rem .7rem 1rem; }
  .outcome { gap: 1.25rem; }
  .figures { gap: 1rem 1.75rem; }
  .headers, .headers tbody, .headers tr, .headers th, .headers td { display: block; width: auto; }
  .headers td { padding-bottom: .4rem; }
  .scrolls th, .scrolls td { padding-right: 1rem; }
  .assumptions, .assumptions tbody, .assumptions tr, .assumptions th, .assumptions td { display: block; border: 0; padding: 0; }
  .assumptions thead { display: none; }
  .assumptions tr { padding: .6rem 0; border-bottom: 1px solid var(--grid); }
  .assumptions .other th { box-shadow: none; padding: 0; }
}
@media print {
  @page { size: auto; margin: 16mm 14mm; }
  :root { color-scheme: light; --paper: #fff; --raised: #f5f4f1; --ink: #111; --quiet: #4c5358; --rule: #bbb; --grid: #ddd; --accent: #1f5673; --taken: #1d6b4a; --refused: #ac2f26; --silent: #7a4a9a; --cut: #76590f; --wait: #777; }
  body { max-width: none; padding: 0; font-size: 9.5pt; }
  code, pre { font-size: 7.5pt; }
  .skip, summary::before { display: none; }
  .part { grid-template-columns: minmax(0, 1fr); padding: 5mm 0; }
  .part > :first-child { font-size: 12pt; padding-bottom: 2mm; position: static; }
  .brand { margin-bottom: 6mm; }
  .printed::details-content { content-visibility: visible; block-size: auto; }
  pre { max-height: none; overflow: visible; border: 1px solid var(--rule); background: none; }
  .scrolls { overflow: visible; }
  .scrolls code { white-space: normal; }
  .axis, .timeline > ol > li { grid-template-columns: 46mm minmax(0, 1fr); }
  .timeline:not(.roomy) :is(.axis, ol > li), .timeline:not(.roomy) > .axis { grid-template-columns: 62mm minmax(0, 1fr); }
  .timeline:not(.roomy) .who { grid-template-columns: minmax(0, 1fr) 20mm; }
  .delivery > summary { grid-template-columns: 7mm 42mm 22mm minmax(0, 1fr) auto; padding: 1.2mm 0; }
  .more > summary { grid-template-columns: 1fr; }
  .delivery > .inside, .more > .scrolls { padding-left: 0; }
  .attempt > .inside { padding: 1mm 3mm 3mm; }
  .attempt ~ .attempt .laid-out { display: none; }
  .attempt ~ .attempt .exact { grid-column: 1 / -1; }
  .exchange { grid-template: "sent answered" auto "laid-out exact" auto / minmax(0, 1fr) minmax(0, 1fr); }
  .timeline > ol > li, tr, .expectations li, .delivery > summary, .attempt > summary, .reason, dl > div { break-inside: avoid; }
  h1, h2, h3, h4, h5, h6, summary, .label { break-after: avoid; }
  .who a { color: inherit; }
}
"""
