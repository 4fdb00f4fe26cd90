// What a report does in the browser: plots with one time axis, zoom, and the log. Runs as a plain script behind uPlot.

(() => {
  /** @type {any} */
  const uPlot = globalThis['uPlot'];
  const data = JSON.parse(document.getElementById('data').textContent);
  const { series, log } = data;
  const stage = document.getElementById('stage');
  const select = document.getElementById('participant');
  const range = document.getElementById('range');
  const times = series.times.map((time) => (time - data.from) / 1000);
  const end = Math.max((data.to - data.from) / 1000, 0.001);
  const shown = { min: 0, max: end };
  const cursor = uPlot.sync('run');
  let plots = [];

  const seconds = (time) => (time - data.from) / 1000;
  const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  const element = (tag, text, attributes = {}) => {
    const made = Object.assign(document.createElement(tag), attributes);
    if (text !== undefined) made.textContent = text;
    return made;
  };

  function zoom(min, max) {
    const width = Math.min(Math.max(max - min, 0.05), end);
    shown.min = Math.min(Math.max(min, 0), end - width);
    shown.max = shown.min + width;
    for (const plot of plots) plot.setScale('x', shown);
    range.textContent = `${shown.min.toFixed(1)} – ${shown.max.toFixed(1)} s`;
  }

  function move(how) {
    const { min, max } = shown;
    const width = max - min;
    if (how === 'earlier') zoom(min - width / 4, max - width / 4);
    else if (how === 'later') zoom(min + width / 4, max + width / 4);
    else if (how === 'in') zoom(min + width / 4, max - width / 4);
    else if (how === 'out') zoom(min - width / 2, max + width / 2);
    else zoom(0, end);
  }

  const axis = (size, values) => ({
    stroke: () => color('muted'),
    grid: { stroke: () => color('grid'), width: 1 },
    ticks: { stroke: () => color('grid'), width: 1 },
    font: '12px system-ui, sans-serif',
    size,
    ...(values && { values }),
  });

  const wide = () => stage.clientWidth > 640;

  function options(height, curves, scale, hooks = {}) {
    return {
      width: stage.clientWidth,
      height: wide() ? height : Math.round(height * 0.8),
      cursor: { sync: { key: cursor.key, setSeries: false }, drag: { x: true, y: false, setScale: false }, y: false },
      scales: { x: { time: false, range: () => [shown.min, shown.max] }, y: scale },
      axes: [
        axis(28, (_plot, splits) => splits.map((split) => `${+split.toFixed(2)} s`)),
        axis(56, (_plot, splits) => splits.map((split) => split.toLocaleString('en'))),
      ],
      series: [{ label: 'time', value: (_plot, value) => (value == null ? '–' : `${value.toFixed(1)} s`) }, ...curves],
      hooks: {
        setSelect: [
          (plot) => {
            if (plot.select.width < 3) return;
            const [min, max] = [plot.select.left, plot.select.left + plot.select.width];
            plot.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
            zoom(plot.posToVal(min, 'x'), plot.posToVal(max, 'x'));
          },
        ],
        ready: [
          (plot) => {
            plot.over.addEventListener('dblclick', () => move('all'));
            for (const label of plot.root.querySelectorAll('.u-series th')) asButton(label);
          },
        ],
        ...hooks,
      },
    };
  }

  /** uPlot's legend turns curves on and off by mouse; this makes it work by keyboard. */
  function asButton(label) {
    label.tabIndex = 0;
    label.setAttribute('role', 'button');
    label.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' && event.key !== ' ') return;
      event.preventDefault();
      label.click();
    });
  }

  const curve = (label, name, unit, more = {}) => ({
    label,
    stroke: () => color(name),
    width: 1.5,
    points: { show: false },
    value: (_plot, value) =>
      value == null ? '–' : `${value.toLocaleString('en', { maximumFractionDigits: 1 })} ${unit}`,
    ...more,
  });
  const stepped = uPlot.paths.stepped({ align: 1 });
  const bars = uPlot.paths.bars({ size: [0.9, 24], align: 1 });
  const zeroBased = (least) => ({ range: (_plot, _min, max) => [0, Math.max(least, (max ?? 0) * 1.05)] });

  function add(title, opts, values) {
    stage.append(element('h3', title));
    const plot = new uPlot(opts, values, stage);
    plot.root.querySelector('canvas').setAttribute('aria-label', title);
    plot.root.querySelector('canvas').setAttribute('role', 'img');
    plots.push(plot);
  }

  function addLink(link) {
    const kilobits = (values) => values.map((value) => (value === null ? null : value / 1000));
    const way = link.link.endsWith('/uplink') ? 'uplink' : 'downlink';
    add(
      `Rates of the ${way}, kbit/s`,
      options(
        220,
        [
          curve('capacity', 'capacity', 'kbit/s', { paths: stepped, dash: [6, 4] }),
          curve('estimate', 'estimate', 'kbit/s', { paths: stepped }),
          curve('sent', 'sent', 'kbit/s'),
          curve('received', 'received', 'kbit/s'),
        ],
        zeroBased(10),
      ),
      [times, ...[link.capacity, link.estimate, link.sent, link.received].map(kilobits)],
    );
    if (link.queueDelay.every((delay) => delay === null)) return;
    add(
      `Queueing delay of the ${way}, ms`,
      options(140, [curve('queueing delay', 'delay', 'ms', { spanGaps: true })], zeroBased(10)),
      [times, link.queueDelay],
    );
  }

  function addBands(subscriptions) {
    const rids = [...new Set(subscriptions.flatMap(({ layers }) => layers.map(({ rid }) => rid ?? 'video')))];
    const order = ['q', 'h', 'f'];
    rids.sort((a, b) => order.indexOf(a) - order.indexOf(b) || (a < b ? -1 : 1));
    const rows = subscriptions.flatMap(({ publisher, track, layers, suspensions, freezes }) => [
      { title: `${publisher} ${track}`, spans: [...layers.map(layerBand), ...suspensions.map(pauseBand)] },
      { title: 'frozen', spans: freezes.map((span) => ({ ...span, fill: 'frozen' })) },
    ]);
    function layerBand({ rid = 'video', from, to }) {
      const level = Math.min(rids.indexOf(rid), 2);
      return { from, to, fill: `layer-${level}`, text: rid, ink: level === 2 ? 'layer-text-2' : 'layer-text' };
    }
    function pauseBand({ from, to }) {
      return { from, to, fill: 'suspended', text: 'suspended', ink: 'text' };
    }
    const height = 46 + rows.length * 24;
    const opts = options(
      height,
      [{ show: false }],
      { range: () => [0, 1] },
      { draw: [(plot) => drawBands(plot, rows)] },
    );
    opts.height = height;
    opts.axes[1] = { ...axis(56), values: () => [], splits: () => [], grid: { show: false } };
    opts.legend = { show: false };
    add('Layers, suspensions, freezes', opts, [times, times.map(() => null)]);
    const key = element('ul', undefined, { className: 'key' });
    const entries = [...rids.map((rid, i) => [`layer ${rid}`, `layer-${Math.min(i, 2)}`])];
    entries.push(['suspended', 'suspended'], ['frozen', 'frozen']);
    for (const [label, name] of entries) {
      const item = element('li');
      const swatch = element('i');
      swatch.style.background = `var(--${name})`;
      item.append(swatch, label);
      key.append(item);
    }
    stage.append(key);
  }

  function drawBands(plot, rows) {
    const { ctx, bbox } = plot;
    const ratio = devicePixelRatio;
    const height = bbox.height / rows.length;
    ctx.save();
    ctx.beginPath();
    ctx.rect(0, bbox.top, bbox.left + bbox.width, bbox.height);
    ctx.clip();
    ctx.font = `${12 * ratio}px system-ui, sans-serif`;
    ctx.textBaseline = 'middle';
    ctx.textAlign = 'left';
    for (const [i, { title, spans }] of rows.entries()) {
      const top = bbox.top + i * height;
      for (const { from, to, fill, text, ink } of spans) {
        const left = Math.max(bbox.left, plot.valToPos(seconds(from), 'x', true));
        const right = Math.min(bbox.left + bbox.width, plot.valToPos(seconds(to), 'x', true));
        if (right <= bbox.left || left >= bbox.left + bbox.width) continue;
        ctx.fillStyle = color(fill);
        ctx.fillRect(left, top + 2 * ratio, Math.max(right - left, ratio), height - 4 * ratio);
        if (text === undefined || ctx.measureText(text).width + 8 * ratio > right - left) continue;
        ctx.fillStyle = color(ink);
        ctx.fillText(text, left + 4 * ratio, top + height / 2);
      }
      ctx.fillStyle = color('muted');
      ctx.fillText(title, 0, top + height / 2, bbox.left - 6 * ratio);
    }
    ctx.restore();
  }

  function addCounts(link, subscriptions) {
    const plis = times.map((_, i) => subscriptions.reduce((sum, { plis }) => sum + plis[i], 0));
    const bar = { paths: bars, width: 0 };
    const filled = (label, name) => curve(label, name, '', { ...bar, fill: () => color(name) });
    add(
      `Per ${series.interval.toLocaleString('en')} ms: packets lost and asked for again, key frames`,
      options(
        140,
        [
          filled('lost', 'lost'),
          filled('NACK', 'nack'),
          filled('PLI', 'pli'),
          filled('key frames asked of publishers', 'key'),
        ],
        zeroBased(4),
      ),
      [times, link?.lost ?? times.map(() => 0), link?.nacked ?? times.map(() => 0), plis, series.keyFramesRequested],
    );
  }

  function addFrameDelay(subscriptions) {
    const names = ['received', 'sent', 'estimate', 'delay'];
    const curves = subscriptions.map(({ publisher, track }, i) =>
      curve(`${publisher} ${track}`, names[i % names.length], 'ms', { spanGaps: false }),
    );
    add('Capture to display, ms', options(140, curves, zeroBased(10)), [
      times,
      ...subscriptions.map((s) => s.frameDelay),
    ]);
  }

  function draw() {
    for (const plot of plots) plot.destroy();
    plots = [];
    stage.replaceChildren();
    const participant = select.value;
    const subscriptions = series.subscriptions.filter((subscription) => subscription.participant === participant);
    const used = (link) => link.sent.some((rate) => rate > 0);
    const links = series.links.filter(({ link }) => link.slice(0, link.lastIndexOf('/')) === participant);
    const downlink = links.find(({ link }) => link.endsWith('/downlink'));
    const uplink = links.find(({ link }) => link.endsWith('/uplink'));
    // Of who gets no video the way out is what matters.
    const main = subscriptions.length > 0 ? downlink : uplink;
    if (main !== undefined) addLink(main);
    if (subscriptions.length > 0) addBands(subscriptions);
    addCounts(main, subscriptions);
    if (subscriptions.length > 0) addFrameDelay(subscriptions);
    const other = main === downlink ? uplink : downlink;
    if (other !== undefined && used(other)) addLink(other);
    zoom(shown.min, shown.max);
  }

  function fillLog() {
    const wanted = document.getElementById('search').value.trim().toLowerCase();
    const rows = log
      .filter(({ who, what }) => `${who} ${what}`.toLowerCase().includes(wanted))
      .map(({ at, who, what }) => {
        const row = element('tr');
        const time = element('td');
        const button = element('button', seconds(at).toFixed(3), { type: 'button', title: 'Show this moment' });
        button.addEventListener('click', () => {
          zoom(seconds(at) - 2, seconds(at) + 2);
          document.getElementById('plots').scrollIntoView();
        });
        time.append(button);
        row.append(time, element('td', who), element('td', what));
        return row;
      });
    document.getElementById('log').replaceChildren(...rows);
  }

  const participants = new Set([
    ...series.subscriptions.map(({ participant }) => participant),
    ...series.links.map(({ link }) => link.slice(0, link.lastIndexOf('/'))),
  ]);
  for (const participant of participants) select.append(element('option', participant, { value: participant }));
  select.addEventListener('change', draw);
  for (const button of document.querySelectorAll('[data-zoom]')) {
    button.addEventListener('click', () => move(button.dataset.zoom));
  }
  const keys = { ArrowLeft: 'earlier', ArrowRight: 'later', '+': 'in', '-': 'out', 0: 'all' };
  stage.addEventListener('keydown', (event) => {
    const how = keys[event.key];
    if (how === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    move(how);
  });
  document.getElementById('controls').addEventListener('submit', (event) => event.preventDefault());
  document.getElementById('search').addEventListener('input', fillLog);
  let width = stage.clientWidth;
  new ResizeObserver(() => {
    if (stage.clientWidth === width) return;
    width = stage.clientWidth;
    draw();
  }).observe(stage);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw);
  draw();
  fillLog();
})();
