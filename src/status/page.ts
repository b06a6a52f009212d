/** The live page: plain HTML that reads the status every two seconds. Text is set as text, never as markup. */
export const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Runtide</title>
<style>
  :root { color-scheme: light dark; --ink: #1d2733; --soft: #5d6b7a; --line: #dde3ea; --card: #fff; --ground: #f4f6f9;
    --busy: #2563eb; --idle: #16a34a; --booting: #d97706; --leaving: #9333ea; --bad: #b91c1c; }
  @media (prefers-color-scheme: dark) { :root { --ink: #e6ebf1; --soft: #93a1b1; --line: #2b3542; --card: #18202a; --ground: #10161d;
    --busy: #60a5fa; --idle: #4ade80; --booting: #fbbf24; --leaving: #c084fc; --bad: #f87171; } }
  * { box-sizing: border-box; }
  body { margin: 0; font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--ground); }
  main { max-width: 1080px; margin: 0 auto; padding: 24px 16px 64px; }
  header { display: flex; flex-wrap: wrap; gap: 8px 16px; align-items: baseline; }
  h1 { font-size: 22px; margin: 0; } h2 { font-size: 17px; margin: 0; }
  .soft { color: var(--soft); } .bad { color: var(--bad); }
  section { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 16px; margin-top: 16px; overflow-x: auto; }
  .numbers { display: flex; flex-wrap: wrap; gap: 8px 28px; margin: 10px 0; }
  .numbers b { font-size: 22px; display: block; font-variant-numeric: tabular-nums; }
  .numbers span { color: var(--soft); font-size: 13px; }
  table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
  th { text-align: left; font-weight: 500; color: var(--soft); font-size: 13px; }
  td:first-child { white-space: nowrap; }
  th, td { padding: 4px 12px 4px 0; border-bottom: 1px solid var(--line); vertical-align: top; }
  .phase { font-weight: 600; } .launching, .booting { color: var(--booting); } .idle { color: var(--idle); }
  .busy { color: var(--busy); } .draining, .terminating { color: var(--leaving); }
  @media (max-width: 640px) {
    .numbers { gap: 8px 20px; }
    .instances thead { display: none; }
    .instances tr { display: flex; flex-wrap: wrap; gap: 0 14px; padding: 6px 0; border-bottom: 1px solid var(--line); }
    .instances td { border: 0; padding: 0; } .instances td:empty { display: none; } .instances td:first-child { width: 100%; }
    .instances td[data-label]::before { content: attr(data-label) ' '; color: var(--soft); font-size: 13px; }
  }
  ul { margin: 8px 0 0; padding-left: 20px; } code { font-size: 13px; }
</style>
</head>
<body>
<main>
  <header><h1>Runtide</h1><span id="installation" class="soft"></span><span id="role"></span><span id="age" class="soft"></span></header>
  <section id="alarms" hidden><h2 class="bad">Alarms</h2><ul></ul></section>
  <section id="budgets" hidden><h2>Budget of all pools</h2></section>
  <div id="pools"><section class="soft">Waiting for the first pass…</section></div>
  <section><h2>Last decisions</h2><table><thead><tr><th>when</th><th>pool</th><th>decision</th></tr></thead><tbody id="decisions"></tbody></table></section>
  <section><h2>Sources</h2><table><thead><tr><th>source</th><th>age</th><th>state</th></tr></thead><tbody id="sources"></tbody></table></section>
  <p class="soft"><a href="/api/status">status</a> · <a href="/api/decisions">decisions</a> · <a href="/metrics">metrics</a> · <a href="/health">health</a></p>
</main>
<script>
  const byId = (id) => document.getElementById(id);
  const make = (tag, text, className) => { const element = document.createElement(tag); if (text !== undefined) element.textContent = text; if (className) element.className = className; return element; };
  const row = (...cells) => { const line = make('tr'); for (const cell of cells) line.append(cell instanceof Node ? cell : make('td', cell)); return line; };
  const labelled = (label, text) => { const cell = make('td', text); cell.dataset.label = label; return cell; };
  const ago = (seconds) => seconds === undefined ? '' : seconds < 90 ? Math.round(seconds) + ' s' : seconds < 5400 ? Math.round(seconds / 60) + ' min' : (seconds / 3600).toFixed(1) + ' h';
  const number = (label, value) => { const box = make('div'); box.append(make('b', String(value)), make('span', label)); return box; };
  const budgetLine = (it) => {
    const bar = make('progress'); bar.max = it.limit; bar.value = Math.min(it.spent, it.limit);
    const line = make('p', undefined, it.allows === 'everything' ? '' : 'bad'); line.append(bar, ' ' + it.text);
    return line;
  };
  function poolSection(pool) {
    const section = make('section');
    const numbers = make('div', undefined, 'numbers');
    numbers.append(number('pending', pool.pending), number('busy slots', pool.slots.busy), number('free', pool.slots.free), number('booting', pool.slots.booting), number('leaving', pool.slots.leaving), number('desired instances', pool.desired.count));
    if (pool.dollarsPerHour > 0) numbers.append(number('dollars an hour', pool.dollarsPerHour.toFixed(2)));
    section.append(make('h2', pool.pool), numbers, make('p', pool.decision, 'soft'));
    if (pool.pausedAt) section.append(make('p', 'paused by command since ' + new Date(pool.pausedAt).toLocaleString([], { hour12: false }), 'bad'));
    if (pool.schedule) section.append(make('p', 'schedule ' + pool.schedule + ': idle target ' + pool.idleTarget + ', min ' + pool.limits.min + ', max ' + pool.limits.max));
    if (pool.capped) section.append(make('p', pool.capped.jobs + ' pending jobs do not count: capped projects ' + pool.capped.projects.join(', ')));
    for (const it of pool.budgets || []) section.append(budgetLine(it));
    if (pool.cycle) {
      const { paused, waiting, leaving, ready } = pool.cycle;
      const bar = make('progress'); bar.max = waiting + leaving + ready || 1; bar.value = ready;
      const line = make('p'); line.append(bar, ' ' + (paused ? 'cycle paused: ' : 'cycle: ') + waiting + ' old left, ' + leaving + ' draining, ' + ready + ' new ready');
      section.append(line);
    }
    if (pool.instances.length > 0) {
      const table = make('table', undefined, 'instances');
      const head = make('thead'); head.append(row(...['instance', 'phase', 'slots', 'type', 'age', 'idle', 'leaves because'].map((name) => make('th', name))));
      const body = make('tbody');
      for (const it of pool.instances) body.append(row(it.id, make('td', it.phase, 'phase ' + it.phase), labelled('slots', it.busySlots + ' of ' + it.slots), it.instanceType + ' ' + it.market, labelled('age', ago(it.ageSeconds)), labelled('idle', ago(it.idleSeconds)), labelled('leaves because', it.drain || (it.asked ? 'asked, in its turn' : ''))));
      table.append(head, body); section.append(table);
    }
    return section;
  }
  async function show() {
    try {
      const [status, decisions] = await Promise.all(['/api/status', '/api/decisions?limit=15'].map(async (path) => (await fetch(path)).json()));
      byId('installation').textContent = status.installation;
      byId('role').textContent = status.role + (status.detail ? ': ' + status.detail : '');
      byId('role').className = status.role === 'failing' ? 'bad' : 'soft';
      byId('age').textContent = status.totals.passes + ' passes, ' + status.totals.launched + ' launched';
      byId('alarms').hidden = status.alarms.length === 0;
      byId('alarms').querySelector('ul').replaceChildren(...status.alarms.map((text) => make('li', text)));
      byId('budgets').hidden = !status.budgets;
      byId('budgets').replaceChildren(make('h2', 'Budget of all pools'), ...(status.budgets || []).map(budgetLine));
      const nothing = status.role === 'standing by' ? 'Another process decides; its page shows the pools.' : 'Waiting for the first pass…';
      byId('pools').replaceChildren(...(status.pools.length > 0 ? status.pools.map(poolSection) : [make('section', nothing, 'soft')]));
      byId('decisions').replaceChildren(...decisions.map((it) => row(new Date(it.at).toLocaleTimeString([], { hour12: false }), it.pool, it.summary)));
      byId('sources').replaceChildren(...status.sources.map((it) => row(it.source, ago(it.ageSeconds), make('td', it.fresh ? 'fresh' : 'stale' + (it.failure ? ': ' + it.failure : ''), it.fresh ? '' : 'bad'))));
    } catch (error) {
      byId('role').textContent = 'not reachable: ' + error.message;
      byId('role').className = 'bad';
    }
    setTimeout(show, 2000);
  }
  show();
</script>
</body>
</html>
`;
