/* further.js: the sections of experiments that a run may leave out. */

/* Curves of the at-th method: of others than the first, another marker, and hidden until asked for. */
function variant(at, sets) {
    return at <= 0 ? sets : sets.map((set) => ({ ...set, hidden: true, marker: set.marker && MARKERS[(MARKERS.indexOf(set.marker) + at) % MARKERS.length] }));
}

/* ---- parts of a block ---- */

/* The whole-block scores that a map's parts are shown beside: "mat_attn" is a part of mat. */
function wholeOf(part) {
    return methods.find((m) => part.startsWith(`${m}_`));
}

const PART_WORDS = [["_ln1_ln2", "norms"], ["_attn", "attention"], ["_ffn", "MLP"]];

/* What parts and schedules are scored on, where that is not all. */
function routeRows() {
    const { route_rows: rows, route_texts: texts } = results.data ?? {};
    return rows ? ` Scored on ${count(rows, "vector")} of ${count(texts, "validation text")}.` : "";
}

function partsSections() {
    const parts = Object.keys(results.parts).filter((name) => results.parts[name].length > 0);
    const wholes = [...new Set(parts.map(wholeOf).filter((m) => m !== undefined))];
    const names = [...parts, ...wholes];
    const lists = Object.fromEntries(names.map((name) => [name, results.parts[name] ?? results.jump[name]]));
    const kind = (name) => PART_WORDS.findIndex(([end]) => name.endsWith(end));
    const tone = (name) => (wholes.includes(name) ? 0 : 2 + (kind(name) >= 0 ? kind(name) : parts.indexOf(name)));
    const owner = (name) => (wholes.includes(name) ? name : wholeOf(name));
    const call = (name) => {
        const word = PART_WORDS.find(([end]) => name.endsWith(end))?.[1];
        return wholes.includes(name) ? `whole blocks, ${told[name]}` : word ? `${word}, ${told[wholeOf(name)] ?? name}` : name;
    };
    const draw = (title, member, label, range, sign, word, members) => {
        const means = parts.map((name) => [name, lists[name].filter((p) => p.layer < L && p[member] != null).map((p) => p[member])])
            .filter(([, known]) => known.length > 0).map(([name, known]) => [call(name), mean(known)]).sort((a, b) => sign * (b[1] - a[1]));
        const said = means.length === 0 ? `No part has a known ${word}.`
            : means.length === 1 || means[0][1] === means.at(-1)[1] ? `All parts can be replaced alike: mean ${word} ${short(means[0][1])}.`
            : `Best replaced: ${means[0][0]} (mean ${word} ${short(means[0][1])}); worst: ${means.at(-1)[0]} (${short(means.at(-1)[1])}).`;
        const sets = names.flatMap((name) => variant(wholes.indexOf(owner(name)), curves(tone(name), call(name), byLayer(lists[name], member))));
        section(title, said, lineChart(said, sets, axis("blocks run whole", { min: 0, max: L }), axis(label, range),
            "The first blocks are run whole; in every later block one part is replaced by a linear map of the position's own state. "
                + `Whole blocks: one map for all the later blocks together.${routeRows()}${intervals(lists)}`, true, tips(layerTitle)),
        [layerTable(`${word} by layer`, members, lists, names, call)], ["part of a block"]);
    };
    draw("Parts of a block: agreement", "p1", "precision@1", { min: 0, max: 1, ticks: {} }, 1, "precision@1",
        [["p1", " @1"], ["p5", " @5"], ["p10", " @10"]]);
    draw("Parts of a block: surprisal", "surprisal", "surprisal, nats", { beginAtZero: true, ticks: {} }, -1, "surprisal", [["surprisal", ""]]);
}

/* ---- schedules ---- */

const KINDS = [["best", "largest product of R²"], ["exit", "one jump to the end"], ["alternate", "alternating"]];

function schedulesSections() {
    const all = results.schedules, maps = [...new Set(all.map((s) => s.map))], call = (map) => told[map] ?? map;
    const series = maps.flatMap((map) => KINDS.map(([kind, words]) => ({ map, kind, words,
        runs: all.filter((s) => s.map === map && s.kind === kind).sort((a, b) => a.blocks - b.blocks) })))
        .filter(({ runs }) => runs.length > 0);
    const plan = (s) => (s.kind === "alternate" && s.run != null ? `${s.run} run, ${s.jump} jumped` : s.jumps.map(([from, to]) => `${from} to ${to}`).join(", "));
    const blocks = [...new Set(all.filter((s) => s.kind === "alternate").map((s) => s.blocks))]
        .sort((a, b) => Math.abs(a - L / 2) - Math.abs(b - L / 2))[0] ?? halfway;
    const draw = (title, member, label, range, sign, word) => {
        const best = all.filter((s) => s.blocks === blocks && s[member] != null).sort((a, b) => sign * (b[member] - a[member]))[0];
        const said = best ? `With ${blocks} of ${count(L, "block")} run, the best is ${word} ${short(best[member])}, by the ${call(best.map)}: ${plan(best) || "no jump"}.`
            : `No schedule that runs ${blocks} of ${count(L, "block")} has a known ${word}.`;
        const sets = series.flatMap(({ map, kind, words, runs }) => {
            const points = runs.map((s) => ({ x: s.blocks, y: s[member], ci: s[`${member}_ci`], plan: plan(s) }));
            const set = curve([4, 0, 2][KINDS.findIndex(([name]) => name === kind)], `${call(map)}, ${words}`, points, kind === "alternate" ? "dots" : lookOf(map));
            return variant(maps.indexOf(map), kind === "alternate" ? [set] : [set, ...band(set)]); /* several have the same number of blocks */
        });
        const tip = tips(([item]) => `${item.parsed.x} blocks run`, (raw) => `; ${brief(raw.plan || "no jump")}`);
        section(title, said, lineChart(said, sets, axis("blocks run", { min: 0, max: L }), axis(label, range),
            "What is left of the model's answers when some blocks are run and linear maps jump over the others: the schedule whose jumps have the largest "
                + `product of R² for that many blocks, one jump from a layer to the end (the fixed exit), and blocks run and jumped over in turn.${routeRows()}${intervals({ all })}`, false, tip),
        series.map(({ map, words, runs }) => {
            const members = member === "p1" ? [["p1", "precision@1"], ["p5", "@5"], ["p10", "@10"]] : [["surprisal", "surprisal"]];
            return table(`${call(map)}, ${words}`, ["jumps", "blocks run", "product of R²", ...heads(runs, members)],
                runs.map((s) => [plan(s) || "none", s.blocks, s.r2_product, ...cells(s, runs, members)]));
        }), ["schedule"]);
    };
    draw("Schedules: agreement", "p1", "precision@1", { min: 0, max: 1, ticks: {} }, 1, "precision@1");
    draw("Schedules: surprisal", "surprisal", "surprisal, nats", { beginAtZero: true, ticks: {} }, -1, "surprisal");
}

/* ---- other text ---- */

function transferSection() {
    const { texts, map: maps } = results.transfer, names = Object.keys(maps), call = (name) => told[name] ?? name;
    const fits = (name) => (name === "id" ? [0] : [0, 1]); /* nothing is fitted for id */
    const label = (name, on, at) => (name === "id" ? `${call(name)} on ${texts[at]}` : `${call(name)} of ${texts[on]} on ${texts[at]}`);
    const main = names.find((name) => name !== "id"), m = maps[main]?.p1_mean;
    const said = m ? `On ${texts[1]} the ${call(main)} of ${texts[0]} has a mean precision@1 of ${short(m[0][1])}, its own ${short(m[1][1])}.`
        : `The mean precision@1 is ${short(maps[names[0]].p1_mean[0][0])} on ${texts[0]} and ${short(maps[names[0]].p1_mean[0][1])} on ${texts[1]}.`;
    const sets = names.flatMap((name, i) => fits(name).flatMap((on) => [0, 1].map((at) => /* a colour for the text scored on */
        ({ ...curve(2 * i + at, label(name, on, at), maps[name].p1[on][at].map((y, x) => ({ x, y })), name === "id" ? "id" : on === at ? "line" : "dots"),
            hidden: name !== "id" && name !== main }))));
    const figure = lineChart(said, sets, layerAxis(), shareAxis("precision@1"),
        "Maps fitted on one text and scored on another. Lines: scored on the text of the fit; dots: on the other text. The tables give means over layers.",
        true, tips(layerTitle));
    section("Other text", said, figure, [
        ...names.map((name) => {
            const { p1_mean: value, p1_mean_ci: ci } = maps[name];
            const head = texts.flatMap((text) => [`on ${text}`, ...(ci ? ["low", "high"] : [])]);
            return table(`${call(name)}: mean precision@1`, ["fitted on", ...head], texts.map((text, on) =>
                [text, ...[0, 1].flatMap((at) => [value[on][at], ...(ci ? ci[on][at] ?? [null, null] : [])])]));
        }),
        ...names.map((name) => table(`${call(name)}: precision@1 by layer`,
            ["layer", ...fits(name).flatMap((on) => [0, 1].map((at) => label(name, on, at)))],
            maps[name].p1[0][0].map((_, l) => [l, ...fits(name).flatMap((on) => [0, 1].map((at) => maps[name].p1[on][at][l]))])))], ["precision@k"]);
}

/* ---- maps from several taps, and of other tokens ---- */

function mapsSections() {
    const read = results.maps.filter((m) => m.p1 !== undefined && m.p1 !== null);
    const plain = (m) => m.from.length === 1 && !m.from[0].includes("@");
    const last = String(L), before = `${L}@-1`;
    const points = (some) => some.map((m) => ({ x: Number(m.from[0]), y: m.p1, ci: m.p1_ci })).sort((a, b) => a.x - b.x);
    const alone = read.filter((m) => plain(m) && m.to === last);
    const both = read.filter((m) => m.from.length === 2 && m.from[1] === before && m.to === last);
    const all = table("every map", ["map", "R²", "precision@1", "@5", "@10", "surprisal"],
        results.maps.map((m) => [`${m.from.join(" and ")} to ${m.to}: ${count(m.blocks, "block")} run, ${count(m.parameters, "parameter")}, ${count(m.rows, "vector")}`,
            m.r2, m.p1, m.p5, m.p10, m.surprisal]));
    const draw = (title, said, sets, caption) => section(title, said, lineChart(said, sets, layerAxis(),
        shareAxis("precision@1"), caption, false, tips(layerTitle)), [all], ["context map"]);
    if (both.length > 0) {
        const sets = [[`with layer ${L} of the token before`, both], ["the layer alone", alone]].filter(([, some]) => some.length > 0)
            .map(([label, some], i) => curve(i, label, points(some)));
        const gains = both.flatMap((m) => alone.filter((other) => other.from[0] === m.from[0]).map((other) => [m, m.p1 - other.p1]));
        const most = gains.reduce((best, other) => (other[1] > best[1] ? other : best), gains[0] ?? [both[0], 0]);
        draw("What the token before adds", gains.length === 0 ? `With layer ${L} of the token before, precision@1 is ${short(both[0].p1)} from layer ${both[0].from[0]}.`
            : most[1] <= 0 ? `Layer ${L} of the token before adds nothing to precision@1 at any layer.`
            : `It adds most at layer ${most[0].from[0]}, where precision@1 goes from ${short(most[0].p1 - most[1])} to ${short(most[0].p1)}.`, sets,
        "Maps to the last layer from each layer alone, and from it and the last layer of the token before, which is known by then.");
    }
    const ahead = [...new Set(read.filter((m) => plain(m) && m.to.startsWith(`${L}@+`)).map((m) => Number(m.to.split("+")[1])))].sort((a, b) => a - b);
    if (ahead.length > 0) {
        const of = (k) => points(read.filter((m) => plain(m) && m.to === `${L}@+${k}`));
        const best = Math.max(...of(ahead[0]).map((p) => p.y));
        draw("What a state says of the tokens to come", `The answer at the next position can be read from a state in up to ${Math.round(100 * best)}% of cases.`,
            ahead.map((k, i) => curve(i, k === 1 ? "the next position" : `${k} positions on`, of(k))),
            "Maps from a layer to the last layer so many tokens further on: how often the guess is the model's own answer there.");
    }
    if (both.length === 0 && ahead.length === 0) {
        const top = read.reduce((best, m) => (m.p1 > (best?.p1 ?? -1) ? m : best), undefined);
        section("Maps one by one", top ? `The best of them, from ${top.from.join(" and ")} to ${top.to}, has precision@1 ${short(top.p1)}.` : "None of them is read out.", all, []);
    }
}

/* ---- how narrow a map may be ---- */

/* What a rank with fewer parameters than the whole map reaches of it. */
function rankSentence(m, word) {
    const { points, beside, width } = results.ranks, full = beside.mat ?? points.at(-1);
    const cheaper = points.filter((p) => p.parameters < full.parameters), enough = cheaper.find((p) => p[m] >= 0.95 * full[m]), most = cheaper.at(-1);
    return enough ? `Rank ${enough.rank} of ${width} keeps 95% of the fitted map's mean ${word}, with ${percent(enough.parameters / full.parameters)} of its parameters.`
        : most ? `With fewer parameters than the fitted map, rank ${most.rank} of ${width} at most, mean ${word} is ${short(most[m])}; the fitted map's is ${short(full[m])}.`
        : `The fitted map's mean ${word} is ${short(full[m])}; no rank tried has fewer parameters.`;
}

/* Against the rank, or what it costs. */
function ranksSection() {
    const { points, beside, paper } = results.ranks, head = points.every((p) => p.p1 != null);
    const costs = [["rank", (p) => p.rank, "rank"], ["parameters", (p) => p.parameters, "parameters of the maps to the last layer"], ["flops", (p) => p.flops, "flops a token of one map"]];
    const level = (name, tone, x, m, look) => (beside[name]?.[m] == null ? [] : /* mat and id have no rank: lines across */
        [{ ...curve(tone, PLAIN[name], points.map((p) => ({ x: x(p), y: beside[name][m], ci: beside[name][`${m}_ci`] })), look), pointRadius: 0, marker: undefined }]);
    const sets = (m, x) => [...curves(2, "narrow map", points.map((p) => ({ x: x(p), y: p[m], ci: p[`${m}_ci`], rank: p.rank }))),
        ...level("mat", 0, x, m, "thin"), ...level("id", 1, x, m, "id")];
    for (const [m, title, range] of [["r2", "R²", { max: 1, ticks: {} }], ...(head ? [["p1", "precision@1", { min: 0, max: 1, ticks: {} }]] : [])]) {
        const said = rankSentence(m, title);
        const figure = lineChart(said, Object.fromEntries(costs.map(([name, x]) => [name, sets(m, x)])), logAxis("rank"), axis(`mean ${title}`, range),
            `Narrow maps of each rank to the last layer: mean ${title} over the layers before it, on ${count(results.ranks.val_vectors, "vector")}. `
                + `The papers' rank is ${paper}, a hundredth of the width. Fitted map and logit lens lie across, at what they reach.`,
            false, tips(([item]) => (item.raw.rank ? `rank ${item.raw.rank}` : "any rank")));
        figure.querySelectorAll(".chooser button").forEach((button, i) => button.addEventListener("click", () => {
            const chart = Chart.getChart(figure.querySelector("canvas"));
            chart.options.scales.x.title.text = costs[i][2];
            chart.update();
        }));
        section(`How narrow a map may be: ${title}`, said, figure, [table(`mean ${title} by rank`,
            ["map", "parameters", "bytes", "flops a token", ...heads(points, [[m, title]])],
            [...points.map((p) => [`rank ${p.rank}`, p]), ...["mat", "id"].filter((name) => beside[name]).map((name) => [PLAIN[name], beside[name]])]
                .map(([name, p]) => [name, p.parameters, p.bytes, p.flops, ...cells(p, points, [[m]])]))], ["narrow map"]);
    }
    const own = points.find((p) => p.rank === paper);
    if (head && own?.layers) {
        paperFigure(own, beside);
    }
}

/* The papers' own figure: rank d/100 by layer, beside the fitted map and the logit lens. */
function paperFigure(own, beside) {
    const lists = Object.fromEntries([["narrow", own.layers], ["mat", beside.mat?.layers], ["id", beside.id?.layers]].filter(([, layers]) => layers));
    const call = (name) => (name === "narrow" ? `narrow map of rank ${own.rank}` : PLAIN[name]), tone = { narrow: 2, mat: 0, id: 1 };
    const names = Object.keys(lists);
    const of = (member) => names.flatMap((name) => curves(tone[name], call(name), byLayer(lists[name], member), lookOf(name)));
    for (const [title, member, y] of [["agreement", "p1", shareAxis("precision@1")], ["surprisal", "surprisal", axis("surprisal, nats", { beginAtZero: true, ticks: {} })]]) {
        const at = (name) => short(lists[name][halfway][member]);
        const said = `At layer ${halfway} ${y.title.text.replace(", nats", "")} is ${list(names.map((name) => `${at(name)} with the ${call(name)}`))}.`;
        section(`The papers' rank by layer: ${title}`, said, lineChart(said, of(member), layerAxis(), y,
            `Maps of rank ${own.rank} to the last layer, as in "Normalized Narrow Jump To Conclusions".${intervals(lists)}`, true, tips(layerTitle)),
        [layerTable(`${title} by layer`, [[member, ""]], lists, names, call)], ["narrow map"]);
    }
}

/* ---- how much text is enough ---- */

/* Vectors from which on the score is within 1% of its best; undefined: more text made it worse. */
function enoughVectors(series, member) {
    const known = series.points.filter((p) => p[member] != null), best = Math.max(...known.map((p) => p[member]));
    const close = (p) => p?.[member] >= best - 0.01 * Math.abs(best);
    let at = known.length - 1;
    if (!close(known[at])) {
        return undefined;
    }
    while (at > 0 && close(known[at - 1])) {
        at--;
    }
    return known[at].vectors;
}

function trainingSections() {
    const series = results.training_size.filter((s) => s.points.length > 0);
    const variants = [...new Set(series.map((s) => JSON.stringify([s.method, s.ridge, s.bias])))];
    const tone = (s) => variants.indexOf(JSON.stringify([s.method, s.ridge, s.bias]));
    const call = (s) => s.name.replace(/^mat\b/, "fitted map").replace(/^ridge\b/, "fitted map with ridge");
    const last = (s, member) => s.points.at(-1)[member] ?? -Infinity;
    const scored = series.find((s) => s.val_vectors !== undefined);
    const of = scored ? ` Scored on ${count(scored.val_vectors, "vector")} of ${count(scored.val_texts, "validation text")}.` : "";
    const draw = (title, member, label, range, word, caption) => {
        const best = series.reduce((a, b) => (last(b, member) > last(a, member) ? b : a)), p = best.points.at(-1), enough = enoughVectors(best, member);
        const said = `The best, ${call(best)}, reaches ${word} ${short(p[member])} with ${count(p.vectors, "vector")}`
            + `${enough === undefined ? ", but had more with fewer" : enough === p.vectors ? "" : ` and is within 1% of that from ${enough.toLocaleString("en")} on`}.`;
        const sets = series.flatMap((s) => {
            const set = curve(tone(s), call(s), s.points.map((q) => ({ x: q.vectors, y: q[member], ci: q[`${member}_ci`] })), s.positions === "one" ? "thin" : "line");
            return tone(s) === 0 ? [set, ...band(set)] : [set]; /* those of the others lie on it: they are of the same texts */
        });
        section(title, said, lineChart(said, sets, logAxis("training vectors"), axis(label, range),
            `${caption} against the number of vectors that the maps were fitted on. Thin: one position of each text, as in the paper; thick: all positions.${of}`,
            false, tips(([item]) => count(item.parsed.x, "vector"))),
        series.map((s) => table(`${call(s)} (${s.method}, ridge ${s.ridge}, ${s.bias ? "with" : "without"} intercept)`, ["vectors", ...heads(s.points, [[member, word]])],
            s.points.map((q) => [q.vectors.toLocaleString("en"), ...cells(q, s.points, [[member]])]))), ["vector", "ridge"]);
    };
    const lowest = Math.min(...series.flatMap((s) => s.points.map((p) => p.r2 ?? 0)));
    draw("How much text is enough: R²", "r2", "R²", { min: Math.max(-1, Math.floor(4 * lowest) / 4), max: 1, ticks: {} }, "R²",
        `Mean R² to the last layer${lowest < -1 ? " (values below -1 are off the chart, and in the tables)" : ""},`);
    if (series.some((s) => s.points.some((p) => p.p1 !== null))) {
        draw("How much text is enough: agreement", "p1", "precision@1", { min: 0, max: 1, ticks: {} }, "mean precision@1", "Mean precision@1 over the layers before the last");
    }
}
