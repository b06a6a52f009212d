import { COLOUR_SHEET } from './palette.ts';

/** How the report looks, in light and in dark. */
export const SHEET = `
:root{color-scheme:light dark;--ink:#1d2733;--soft:#5d6b7a;--line:#dde3ea;--card:#fff;--ground:#f4f6f9;--best:#e7f0ff}
@media (prefers-color-scheme:dark){:root{--ink:#e6ebf1;--soft:#93a1b1;--line:#2b3542;--card:#18202a;--ground:#10161d;--best:#1d3150}}
*{box-sizing:border-box}
body{margin:0;font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--ground)}
main{max-width:1220px;margin:0 auto;padding:28px 16px 64px}
h1{font-size:24px;margin:0}h2{font-size:17px;margin:0 0 2px}h3{font-size:14px;margin:18px 0 2px;font-weight:600}
p{margin:4px 0;max-width:78ch}.soft{color:var(--soft);font-size:13px}
section{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:18px;margin-top:16px}
.facts{display:flex;flex-wrap:wrap;gap:8px 32px;margin:14px 0 0}.facts div span{display:block;color:var(--soft);font-size:13px}
.facts b{font-size:20px;font-weight:600;font-variant-numeric:tabular-nums}
.pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,440px),1fr));gap:4px 24px}
.wide{overflow-x:auto}svg{display:block;width:100%;height:auto}svg text{font:12px system-ui,sans-serif;fill:var(--ink)}
svg .tick,svg .note{fill:var(--soft);font-size:11px}svg .axis{fill:var(--soft)}svg .title{font-weight:600;font-size:13px}
svg .grid{stroke:var(--line);stroke-width:1}svg .front{fill:none;stroke:var(--soft);stroke-width:1.5;stroke-dasharray:3 4}
svg .bound{stroke:var(--soft);stroke-width:1.5;stroke-dasharray:8 4}
svg .mark{stroke:var(--c);stroke-width:2.2;fill:var(--card)}svg .mark.own{fill:var(--c)}
svg .label,svg .end{paint-order:stroke;stroke:var(--card);stroke-width:3px;stroke-linejoin:round}
svg text.own{font-weight:700}svg .end{fill:var(--c)}
svg .area{fill:var(--c);stroke:none}svg .area.faint{fill-opacity:.28}svg .area.strong{fill-opacity:.85}
svg .line{fill:none;stroke:var(--c);stroke-width:1.6;stroke-linejoin:round}svg .line.own{stroke-width:3}
svg.key{display:inline-block;width:18px;height:18px;vertical-align:-4px;margin-right:6px}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{padding:6px 12px;text-align:right;white-space:nowrap;border-bottom:1px solid var(--line)}
th{font-weight:500;color:var(--soft);font-size:13px}th:first-child,td:first-child{text-align:left;padding-left:0}
td.best{background:var(--best);font-weight:600}tr.own td:first-child{font-weight:700}
td .soft{white-space:normal;display:block;max-width:46ch;font-weight:400}
.swatch{display:inline-block;width:12px;height:12px;border-radius:2px;vertical-align:-1px;margin:0 5px 0 12px;background:currentColor}
.swatch.faint{opacity:.28}.swatch.strong{opacity:.85}
dl{display:grid;grid-template-columns:max-content 1fr;gap:2px 14px;margin:10px 0 0;font-size:13px}dt{font-weight:600}dd{margin:0;color:var(--soft)}
ul{margin:8px 0 0;padding-left:20px}li{margin:3px 0;max-width:100ch}
@media print{section{break-inside:avoid}}
${COLOUR_SHEET}`;
