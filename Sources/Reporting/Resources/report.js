// Draws a report from the data beside it. Every text of a run is set as text, never as markup.
"use strict";

const report = (() => {
  let data = null;
  let received = null;
  const files = new Map();

  // Elements
  const at = id => document.getElementById(id);
  function make(tag, properties, ...children) {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children.filter(it => it !== null && it !== undefined));
    return element;
  }
  function vector(tag, attributes, ...children) {
    const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  }
  const option = (value, text) => make("option", {value, textContent: text});

  // Figures
  const grouped = number => number.toLocaleString("en");
  const digits = scale => scale === 1000 ? 0 : 1;
  const figure = (share, scale) => (share * scale).toFixed(digits(scale));
  const signed = (share, scale) => (share > 0 ? "+" : share < 0 ? "−" : "±") + Math.abs(share * scale).toFixed(scale === 1000 ? 0 : 2);
  const chance = p => p < 0.001 ? "< 0.001" : p.toFixed(3);
  const names = {
    scored: "scored", left_out: "left out", undecided: "undecided", guess: "would guess", raises: "raises", missing_data: "data missing",
    error: "error", none: "not asked",
  };
  // A mark in words: colour alone says nothing.
  function mark(result) {
    const state = result.v || "scored";
    const cut = result.c ? ", cut off" : "";
    if (state === "error") return make("span", {className: "badge", textContent: `error: ${result.e}`});
    if (result.s === undefined) return make("span", {className: "badge", textContent: names[state] + cut});
    const word = result.s === 1 ? "right" : result.s === 0 ? "wrong" : result.s.toFixed(2);
    const kind = result.s === 1 ? " right" : result.s === 0 ? " wrong" : "";
    return make("span", {className: "badge" + kind, textContent: word + (state === "scored" ? "" : ` (${names[state]})`) + cut});
  }
  function table(titles, rows) {
    const head = make("tr", {}, ...titles.map((title, place) =>
      make("th", {scope: "col", textContent: title, className: rows.some(row => row[place] && row[place].words !== undefined) ? "words" : ""})));
    const body = rows.map(cells => make("tr", {}, ...cells.map((cell, place) => {
      const box = make(place === 0 ? "th" : "td", place === 0 ? {scope: "row"} : {});
      if (cell && cell.words !== undefined) { box.className = "words"; box.append(cell.words); }
      else box.append(...(Array.isArray(cell) ? cell : [cell]).filter(it => it !== null));
      return box;
    })));
    return make("div", {className: "scroll", tabIndex: 0, role: "region", ariaLabel: titles[0] || "Figures"},
      make("table", {}, make("thead", {}, head), make("tbody", {}, ...body)));
  }
  function figureCell(it, scale) {
    if (it && it.withheld) return make("span", {className: "range", textContent: it.withheld});
    if (!it || it.mean === undefined) return "–";
    const {lower, upper} = it.interval || it;
    return [
      figure(it.mean, scale),
      lower === undefined ? null : make("span", {className: "range", textContent: `${figure(lower, scale)} to ${figure(upper, scale)}`}),
      make("span", {className: "count", textContent: `${grouped(it.count)} items`}),
    ];
  }
  const titleOf = benchmark => {
    const row = data.rows.find(it => data.benchmarks[it.benchmark] === benchmark);
    const title = benchmark.name === "ocrbench-v2" ? "OCRBench v2" : row ? row.title : benchmark.name;
    return benchmark.profile ? `${title} (${benchmark.profile})` : title;
  };
  const scaleOf = benchmark => data.rows.find(it => data.benchmarks[it.benchmark] === benchmark)?.scale ?? 100;

  // The first page
  function figuresPage() {
    const labels = [...new Set(data.benchmarks.flatMap(it => it.runs.map(run => run.label)))];
    const hasCards = data.rows.some(it => it.card);
    const head = ["Benchmark", ...labels, ...(hasCards ? ["Card, BF16", "Card, FP4"] : [])];
    const rows = data.rows.map(row => {
      const runs = data.benchmarks[row.benchmark].runs;
      const card = value => value === undefined ? "–" : value.toFixed(digits(row.scale));
      return [
        [row.title, row.profile ? make("span", {className: "range", textContent: row.profile}) : null],
        ...labels.map(label => {
          const place = runs.findIndex(it => it.label === label);
          return place < 0 ? "–" : figureCell(row.figures[place], row.scale);
        }),
        ...(hasCards ? row.card ? [card(row.card.bf16), card(row.card.fp4)] : ["–", "–"] : []),
      ];
    });
    const parts = [
      make("h2", {textContent: "Scores"}), table(head, rows),
      make("p", {className: "quiet small", textContent: "Per cent; OCRBench in points of 1,000. Under a benchmark stands the protocol of its prompts and rules, under a score its 95 % interval and the items it is a mean of; errors are in no mean. "
        + (hasCards ? "The cards' figures are NVIDIA's for the 8B model under a protocol that is not fully published: near is not the same, and a difference within the interval says nothing." : "")}),
    ];
    if (data.benchmarks.some(it => it.pairs.length)) parts.push(make("h2", {textContent: "Side by side"}), comparisons(),
      make("p", {className: "quiet small", textContent: "Differences are second minus first over the items that both scored, with the paired bootstrap's 95 % interval. p: exact McNemar for right or wrong answers that stand alone, else a paired permutation test over pages or videos."}));
    parts.push(make("h2", {textContent: "Groups"}), ...data.benchmarks.map(groups));
    parts.push(make("h2", {textContent: "Runs"}), ...data.benchmarks.map(runsOf));
    return parts;
  }
  function comparisons() {
    const rows = [];
    for (const [number, benchmark] of data.benchmarks.entries()) {
      const scale = scaleOf(benchmark);
      for (const pair of benchmark.pairs) {
        const names = `${benchmark.runs[pair.first].label} → ${benchmark.runs[pair.second].label}`;
        const it = pair.comparison;
        if (!it) { rows.push([titleOf(benchmark), {words: names}, "–", "–", pair.reason, "–", "–", "–"]); continue; }
        const {score, p, test} = it.overall;
        const to = (show, count) => make("a", {href: samplesLink({b: number, x: pair.first, y: pair.second, show}), textContent: grouped(count)});
        rows.push([
          titleOf(benchmark), {words: names}, figure(score.first, scale), figure(score.second, scale),
          [signed(score.difference, scale), make("span", {className: "range", textContent: score.interval ? `${signed(score.interval.lower, scale)} to ${signed(score.interval.upper, scale)}` : "no interval: too few pages or videos"})],
          [chance(p), make("span", {className: "range", textContent: test})],
          [to("higher", it.gained.length), " / ", to("lower", it.lost.length)],
          it.nonInferiority ? it.nonInferiority.verdict : it.sameReplies === undefined ? "–" : `${grouped(it.sameReplies)} same`,
        ]);
      }
    }
    const margin = data.benchmarks.flatMap(it => it.pairs).find(it => it.comparison && it.comparison.nonInferiority);
    return table(["Benchmark", "Runs", "First", "Second", "Difference", "p", "Higher / lower",
      margin ? `No worse by ${(margin.comparison.nonInferiority.margin * 100).toFixed(1)}` : "Replies"], rows);
  }
  function groups(benchmark) {
    const scale = scaleOf(benchmark);
    const all = benchmark.runs.map(run => run.summary.groups);
    const union = lists => [...new Set(lists.flat())].sort();
    return make("details", {}, make("summary", {textContent: titleOf(benchmark)}), ...union(all.map(Object.keys)).flatMap(column => {
      const values = union(all.map(groups => (groups[column] || []).map(it => it.name)));
      const score = (groups, name) => (groups[column] || []).find(it => it.name === name)?.score;
      return [
        make("h3", {textContent: column}),
        table([column, ...benchmark.runs.map(run => run.label)], values.map(name => [name || "–", ...all.map(groups => figureCell(score(groups, name), scale))])),
      ];
    }));
  }
  function runsOf(benchmark, number) {
    const plural = (count, word) => `${grouped(count)} ${word}${count === 1 ? "" : "s"}`;
    const facts = benchmark.runs.map((run, place) => {
      const {header, summary: it} = run;
      const errors = Object.entries(it.errors).map(([kind, count]) => `${grouped(count)} ${kind}`).join(", ");
      const link = (text, filters) => make("a", {href: samplesLink({b: number, x: place, ...filters}), textContent: text});
      const cells = [
        run.label, {words: header.model.fingerprint}, {words: header.rule + (header.judge ? `; judge ${header.judge}` : "")},
        errors ? link(errors, {error: "any"}) : "0", it.cutReplies ? link(grouped(it.cutReplies), {cut: "1"}) : "0",
        it.undecided ? link(grouped(it.undecided), {verdict: "undecided"}) : "0",
        it.missingData ? link(grouped(it.missingData), {verdict: "missing_data"}) : "0", grouped(it.judged), `${Math.round(it.seconds)} s`,
        {words: run.path + (run.isCut ? " (its last line is cut off)" : "")},
      ];
      return cells;
    });
    const {data: identity, frames} = benchmark.runs[0].header.items;
    const data = identity ? `${identity.format}, ${plural(identity.rows, "row")}, fingerprint ${identity.fingerprint}` : null;
    return make("details", {}, make("summary", {textContent: titleOf(benchmark)}),
      data ? make("p", {className: "quiet small", textContent: `Data: ${data}${frames ? `; frames: ${frames}` : ""}`}) : null,
      table(["Run", "Model", "Rule", "Errors", "Cut off", "Undecided", "Data missing", "Judged", "Time", "File"], facts));
  }

  // The list of samples
  const standard = {b: "0", x: "0", y: "", show: "", verdict: "", error: "", cut: "", q: ""};
  function samplesLink(filters) { return "#/samples" + query(filters); }
  function query(filters) {
    const wanted = Object.entries(filters).filter(([key, value]) => String(value) !== standard[key] && value !== undefined && value !== "");
    return wanted.length ? "?" + new URLSearchParams(wanted) : "";
  }
  function readFilters(text) {
    const filters = {...standard, ...Object.fromEntries([...new URLSearchParams(text)].filter(([key]) => key in standard))};
    const benchmark = data.benchmarks[filters.b] || data.benchmarks[0];
    if (!data.benchmarks[filters.b]) filters.b = "0";
    if (!benchmark.runs[filters.x]) filters.x = "0";
    if (!benchmark.runs[filters.y] || filters.y === filters.x) filters.y = benchmark.runs.length > 1 ? filters.x === "0" ? "1" : "0" : "";
    return filters;
  }
  function matches(filters) {
    const benchmark = data.benchmarks[filters.b];
    const words = filters.q.toLowerCase().split(/\s+/).filter(Boolean);
    const [x, y] = [Number(filters.x), filters.y === "" ? -1 : Number(filters.y)];
    const places = [];
    benchmark.entries.forEach((entry, place) => {
      const first = entry.r[x];
      const second = y < 0 ? null : entry.r[y];
      const both = second && first.s !== undefined && second.s !== undefined;
      if (filters.show === "differ" && !(both && first.s !== second.s)) return;
      if (filters.show === "higher" && !(both && second.s > first.s)) return;
      if (filters.show === "lower" && !(both && second.s < first.s)) return;
      const state = first.v || "scored";
      const verdict = filters.verdict;
      if (verdict === "right" ? first.s !== 1 : verdict === "wrong" ? first.s !== 0 : verdict === "partly" ? !(first.s > 0 && first.s < 1) : verdict && state !== verdict) return;
      if (filters.error === "any" ? !first.e : filters.error === "no" ? first.e : filters.error && first.e !== filters.error) return;
      if (filters.cut === "1" ? !first.c : filters.cut === "0" ? first.c : false) return;
      if (words.length) { const text = `${entry.i} ${entry.t}`.toLowerCase(); if (!words.every(word => text.includes(word))) return; }
      places.push(place);
    });
    return places;
  }
  function samplesPage(filters) {
    const benchmark = data.benchmarks[filters.b];
    const choice = (key, title, options) => {
      const select = make("select", {name: key, id: `by-${key}`}, ...options.map(([value, text]) => option(value, text)));
      select.value = filters[key];
      select.addEventListener("change", () => change({[key]: select.value}));
      return make("label", {}, title, select);
    };
    const change = changed => {
      const next = {...filters, ...changed};
      if ("b" in changed) Object.assign(next, {x: "0", y: "", error: "", verdict: ""});
      location.hash = samplesLink(next);
    };
    const runs = benchmark.runs.map((run, place) => [String(place), run.label]);
    const kinds = [...new Set(benchmark.entries.flatMap(entry => entry.r.map(it => it.e).filter(Boolean)))].sort();
    const states = [...new Set(benchmark.entries.flatMap(entry => entry.r.map(it => it.v || "scored")))].filter(it => !["scored", "error"].includes(it)).sort();
    const search = make("input", {type: "search", id: "by-q", value: filters.q, autocomplete: "off"});
    search.addEventListener("change", () => change({q: search.value.trim()}));
    const several = benchmark.runs.length > 1;
    const form = make("form", {ariaLabel: "Filter"},
      data.benchmarks.length > 1 ? choice("b", "Benchmark", data.benchmarks.map((it, place) => [String(place), titleOf(it)])) : null,
      several ? choice("x", "Run", runs) : null,
      several ? choice("y", "Beside", runs.filter(([place]) => place !== filters.x)) : null,
      several ? choice("show", "Between them", [["", "all"], ["differ", "scores differ"], ["higher", "second higher"], ["lower", "second lower"]]) : null,
      choice("verdict", several ? "Verdict of the run" : "Verdict", [["", "all"], ["right", "right"], ["partly", "partly right"], ["wrong", "wrong"], ...states.map(it => [it, names[it]])]),
      choice("error", "Errors", [["", "all"], ["no", "without"], ["any", "with"], ...kinds.map(it => [it, it])]),
      choice("cut", "Reply", [["", "all"], ["1", "cut off"], ["0", "whole"]]),
      make("label", {}, "Words", search));
    form.addEventListener("submit", event => { event.preventDefault(); change({q: search.value.trim()}); });
    const places = matches(filters);
    const list = make("ol", {className: "samples"});
    let shown = 0;
    const more = make("button", {type: "button"});
    function grow() {
      const first = shown;
      for (const place of places.slice(shown, shown + 100)) list.append(line(place, filters));
      shown = Math.min(places.length, shown + 100);
      more.textContent = `Show more (${grouped(places.length - shown)} left)`;
      more.hidden = shown >= places.length;
      if (first > 0) list.children[first].firstChild.focus();
    }
    more.addEventListener("click", grow);
    grow();
    return [
      make("h2", {textContent: "Samples"}), form,
      make("p", {role: "status", className: "quiet", textContent: `${grouped(places.length)} of ${grouped(benchmark.entries.length)} samples` + (several ? `; marked: ${benchmark.runs[filters.x].label}, then ${benchmark.runs[filters.y].label}` : "")}),
      places.length ? list : make("p", {textContent: "No sample passes this filter."}), more,
    ];
  }
  function line(place, filters) {
    const benchmark = data.benchmarks[filters.b];
    const entry = benchmark.entries[place];
    const shown = filters.y === "" ? [filters.x] : [filters.x, filters.y];
    return make("li", {}, make("a", {href: `#/sample/${place}${query(filters)}`},
      make("span", {}, make("span", {className: "name", textContent: entry.i}), " ", make("span", {className: "quiet small", textContent: entry.t})),
      make("span", {className: "marks"}, ...shown.map(run => mark(entry.r[run])))));
  }

  // One sample
  function load(file) {
    if (!files.has(file)) files.set(file, new Promise((done, fail) => {
      const script = make("script", {src: `data/${file}`});
      script.addEventListener("load", () => { done(received); script.remove(); });
      script.addEventListener("error", () => { files.delete(file); fail(new Error(`data/${file} is missing: keep the report's folder together`)); script.remove(); });
      document.body.append(script);
    }));
    return files.get(file);
  }
  async function samplePage(place, filters) {
    const benchmark = data.benchmarks[filters.b];
    const entry = benchmark.entries[place];
    const back = make("a", {href: samplesLink(filters), textContent: "All samples"});
    if (!entry) return [make("p", {}, back), make("p", {textContent: "There is no such sample."})];
    const samples = await load(`samples-${filters.b}-${Math.floor(place / data.samplesPerFile)}.js`);
    const sample = samples[place % data.samplesPerFile];
    const places = matches(filters);
    const here = places.indexOf(place);
    const step = (to, text, id) => to === undefined ? null : make("a", {id, href: `#/sample/${to}${query(filters)}`, textContent: text});
    const facts = Object.entries(sample.groups).sort().map(([key, value]) => make("li", {textContent: `${key}: ${value}`}));
    const drawn = boxesOf(benchmark, sample, filters);
    const pictures = sample.pictures.map((it, number) => picture(it, number, sample.pictures.length, number === 0 ? drawn : []));
    const parts = [
      make("div", {className: "steps"}, back, step(places[here - 1], "← Previous", "previous"), step(here < 0 ? undefined : places[here + 1], "Next →", "next"),
        make("span", {className: "quiet", textContent: here < 0 ? "" : `${grouped(here + 1)} of ${grouped(places.length)}`})),
      make("h2", {textContent: `${titleOf(benchmark)}: ${sample.id}`}), make("ul", {className: "facts"}, ...facts),
    ];
    const shown = make("div", {className: "pictures"}, ...pictures);
    if (benchmark.imagesMissing && sample.pictures.some(it => !it.file)) shown.append(make("p", {className: "quiet small", textContent: `Images are missing: ${benchmark.imagesMissing}`}));
    const words = make("div", {},
      make("h3", {textContent: "Prompt"}), make("div", {className: "text", id: "prompt", tabIndex: 0},
        ...sample.prompt.map(it => it.text !== undefined ? it.text : make("span", {className: "quiet", textContent: `[image ${it.image + 1}] `}))),
      make("h3", {textContent: sample.gold.length === 1 ? "Accepted answer" : "Accepted answers"}),
      make("div", {className: "text", id: "gold"}, sample.gold.join("\n") || "–"),
      make("h3", {textContent: benchmark.runs.length > 1 ? "Replies" : "Reply"}), answers(benchmark, entry, sample, filters));
    // A single image stands beside the words, several above them.
    parts.push(make("div", {className: pictures.length === 1 ? "sample" : ""}, pictures.length ? shown : null, words), ...tables(benchmark, sample, filters));
    return parts;
  }
  // The runs in the order in which they are shown.
  const orderOf = (benchmark, filters) => [...new Set([filters.x, filters.y, ...benchmark.runs.keys()].filter(it => it !== "").map(Number))];
  // What is drawn on the image: the gold's boxes, then each run's.
  function boxesOf(benchmark, sample, filters) {
    const runs = orderOf(benchmark, filters).map((run, place) => ({label: benchmark.runs[run].label, kind: `run${place % 3}`, boxes: sample.answers[run]?.exhibit?.boxes || []}));
    return [{label: "accepted", kind: "gold", boxes: sample.exhibit?.boxes || []}, ...runs].filter(it => it.boxes.length);
  }
  function tables(benchmark, sample, filters) {
    const gold = sample.exhibit?.table;
    const shown = orderOf(benchmark, filters).map(run => [benchmark.runs[run].label, sample.answers[run]?.exhibit?.table]);
    if (!gold && !shown.some(([, it]) => it)) return [];
    const box = (label, it) => make("section", {}, make("h3", {textContent: label}),
      it ? grid(label, it.rows, it === gold ? null : gold?.rows) : make("p", {className: "quiet", textContent: "No table."}));
    return [make("h3", {textContent: "Tables"}), make("p", {className: "quiet small", textContent: "Marked: cells that are not what the accepted table has in their place."}),
      make("div", {className: "answers", id: "tables"}, box("Accepted", gold), ...shown.map(([label, it]) => box(label, it)))];
  }
  // A table of a reply, cell by cell: its own markup is never used.
  function grid(label, rows, gold) {
    const same = (it, other) => other && it.text.trim() === other.text.trim() && it.columns === other.columns && it.rows === other.rows;
    return make("div", {className: "scroll", tabIndex: 0, role: "region", ariaLabel: `Table: ${label}`}, make("table", {className: "grid"}, make("tbody", {}, ...rows.map((cells, row) =>
      make("tr", {}, ...cells.map((it, place) => make(it.isHead ? "th" : "td", {colSpan: it.columns, rowSpan: it.rows},
        gold && !same(it, gold[row]?.[place]) ? make("mark", {textContent: it.text || "(nothing)"}) : it.text)))))));
  }
  function picture(it, number, count, drawn) {
    const name = count > 1 ? `${number + 1}: ${it.reference}` : it.reference;
    const frame = make("div", {className: "frame"});
    if (it.file) frame.append(make("img", {src: it.file, alt: name, loading: "lazy", decoding: "async", ...(it.width ? {width: it.width, height: it.height} : {})}));
    if (it.file && drawn.length) frame.append(boxes(drawn));
    else if (it.file && it.grid && it.grid[0] * it.grid[1] > 1) frame.append(overlay(it.grid));
    const plan = it.grid ? `${it.grid[0]} × ${it.grid[1]}${it.tiles > it.grid[0] * it.grid[1] ? " + overview" : ""} = ${it.tiles} ${it.tiles === 1 ? "tile" : "tiles"}, ${grouped(it.tokens)} tokens` : null;
    const size = it.width ? `${it.width} × ${it.height}` : null;
    return make("figure", {}, it.file ? frame : null, make("figcaption", {textContent: [name, size, plan].filter(Boolean).join("; ")}),
      it.file && drawn.length ? legend(drawn) : null);
  }
  // Boxes lie on a grid of 0 to 1000 over the image. What lies outside is drawn at the edge.
  function boxes(drawn) {
    const svg = vector("svg", {viewBox: "0 0 1000 1000", preserveAspectRatio: "none", "aria-hidden": "true"});
    const within = value => Math.min(1000, Math.max(0, value));
    for (const {kind, boxes} of drawn) for (const it of boxes) {
      const [x, y, right, bottom] = [Math.min(it.left, it.right), Math.min(it.top, it.bottom), Math.max(it.left, it.right), Math.max(it.top, it.bottom)].map(within);
      for (const name of ["under", kind]) svg.append(vector("rect", {x, y, width: right - x, height: bottom - y, "class": `box ${name}`}));
    }
    return svg;
  }
  function legend(drawn) {
    const line = kind => vector("svg", {viewBox: "0 0 32 12", "class": "key", "aria-hidden": "true"}, vector("rect", {x: 2, y: 2, width: 28, height: 8, "class": `box ${kind}`}));
    return make("ul", {className: "facts", id: "legend"}, ...drawn.map(({label, kind, boxes}) =>
      make("li", {}, line(kind), ` ${label}: ${grouped(boxes.length)} ${boxes.length === 1 ? "box" : "boxes"}`)));
  }
  function overlay([columns, rows]) {
    const svg = vector("svg", {viewBox: `0 0 ${columns} ${rows}`, preserveAspectRatio: "none", "aria-hidden": "true"});
    for (const name of ["under", ""]) {
      for (let x = 1; x < columns; x++) svg.append(vector("line", {x1: x, y1: 0, x2: x, y2: rows, "class": name}));
      for (let y = 1; y < rows; y++) svg.append(vector("line", {x1: 0, y1: y, x2: columns, y2: y, "class": name}));
    }
    return svg;
  }
  function answers(benchmark, entry, sample, filters) {
    const order = orderOf(benchmark, filters);
    const base = sample.answers[order[0]];
    return make("div", {className: "answers"}, ...order.map(run => {
      const it = sample.answers[run];
      const box = make("section", {}, make("h3", {}, benchmark.runs[run].label, " ", mark(entry.r[run])));
      if (!it) return box;
      if (it.error) box.append(make("p", {textContent: `Error (${it.error.kind}${it.error.status ? `, status ${it.error.status}` : ""}): ${it.error.message}`}));
      if (it.reply !== undefined) {
        const text = make("div", {className: "text reply", tabIndex: 0});
        if (run === order[0] || !base || base.reply === undefined) text.textContent = it.reply || "(nothing)";
        else if (base.reply === it.reply) { text.textContent = it.reply || "(nothing)"; box.append(make("p", {className: "quiet small", textContent: `The same, letter by letter, as ${benchmark.runs[order[0]].label}.`})); }
        else text.append(...difference(base.reply, it.reply));
        box.append(text);
      }
      const facts = make("dl", {});
      const fact = (name, value) => { if (value !== undefined && value !== null && value !== "") facts.append(make("dt", {textContent: name}), make("dd", {textContent: value})); };
      if (it.verdict) {
        fact("Score", it.verdict.score.toFixed(3).replace(/\.?0+$/, ""));
        fact("Rule", it.verdict.rule);
        fact("Read as", it.verdict.extracted);
        fact("State", it.verdict.state === "scored" ? null : names[it.verdict.state] || it.verdict.state);
        fact("Note", it.verdict.note);
        if (it.verdict.judge) { fact("Judge", it.verdict.judge.model); fact("Judge said", it.verdict.judge.replies.join("\n")); }
      }
      fact("Ended by", it.finishReason);
      fact("Tokens", it.tokens === undefined ? null : `${grouped(it.tokens)}${it.promptTokens ? ` after a prompt of ${grouped(it.promptTokens)}` : ""}`);
      fact("Time", `${it.seconds.toFixed(2)} s${it.attempts > 1 ? `, ${it.attempts} attempts` : ""}`);
      box.append(facts);
      return box;
    }));
  }

  // What the second text has that the first has not, and the other way round, by words.
  function difference(first, second) {
    const cut = text => text.match(/\s+|[\p{L}\p{N}_]+|[^\s\p{L}\p{N}_]/gu) || [];
    let [a, b] = [cut(first), cut(second)];
    if (a.length * b.length > 4e6) [a, b] = [first.split(/(?<=\n)/), second.split(/(?<=\n)/)];
    if (a.length * b.length > 4e6) return [make("p", {className: "quiet small", textContent: "Too long to be compared."}), second];
    // Lengths of the longest common subsequences of the ends, from the back.
    const width = b.length + 1;
    const lengths = new Uint32Array((a.length + 1) * width);
    for (let i = a.length - 1; i >= 0; i--) for (let j = b.length - 1; j >= 0; j--) {
      lengths[i * width + j] = a[i] === b[j] ? lengths[(i + 1) * width + j + 1] + 1 : Math.max(lengths[(i + 1) * width + j], lengths[i * width + j + 1]);
    }
    const pieces = [];
    const add = (kind, text) => { const last = pieces[pieces.length - 1]; if (last && last.kind === kind) last.text += text; else pieces.push({kind, text}); };
    let [i, j] = [0, 0];
    while (i < a.length || j < b.length) {
      if (i < a.length && j < b.length && a[i] === b[j]) { add("", a[i]); i++; j++; }
      else if (j >= b.length || (i < a.length && lengths[(i + 1) * width + j] >= lengths[i * width + j + 1])) add("del", a[i++]);
      else add("ins", b[j++]);
    }
    return pieces.map(({kind, text}) => kind ? make(kind, {textContent: text}) : text);
  }

  // Addresses
  let drawn = 0;
  async function draw() {
    const turn = ++drawn;
    const [path, search = ""] = location.hash.replace(/^#/, "").split("?");
    const filters = readFilters(search);
    const sample = path.match(/^\/sample\/(\d+)$/);
    let parts;
    try {
      parts = sample ? await samplePage(Number(sample[1]), filters) : path === "/samples" ? samplesPage(filters) : figuresPage();
    } catch (error) { parts = [make("p", {textContent: String(error.message || error)})]; }
    if (turn !== drawn) return;
    at("main").replaceChildren(...parts.filter(it => it !== null));
    for (const [id, here] of [["to-figures", !sample && path !== "/samples"], ["to-samples", path === "/samples"]]) {
      if (here) at(id).setAttribute("aria-current", "page"); else at(id).removeAttribute("aria-current");
    }
    const focused = at("main").querySelector(`#${CSS.escape(draw.keep || "none")}`);
    draw.keep = null;
    if (focused) focused.focus(); else { scrollTo(0, 0); if (draw.moved) at("main").focus({preventScroll: true}); }
    draw.moved = true;
  }
  addEventListener("hashchange", () => { if (location.hash !== "#main") draw(); });
  document.addEventListener("change", event => { if (event.target.id) draw.keep = event.target.id; }, true);
  document.addEventListener("keydown", event => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey || /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) return;
    const link = event.key === "ArrowLeft" ? at("previous") : event.key === "ArrowRight" ? at("next") : null;
    if (link && !(event.target.classList.contains("scroll"))) { event.preventDefault(); location.hash = link.hash; }
  });

  return {
    summary(value) {
      data = value;
      at("made").textContent = `Made by monocle ${value.version}. Protocols, rules and intervals: docs/evaluation.md.`;
      draw();
    },
    samples(value) { received = value; },
  };
})();
