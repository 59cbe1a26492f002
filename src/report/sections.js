/* sections.js: the sections of the report, in order: what each says in numbers, its charts and
 * its tables. Those of members that the results lack are left out. */

/* ---- what the sections say ---- */

function savedInterval(m) {
    const ci = saved[m].percent_ci;
    return ci ? `, 95% interval ${ci[0].toFixed(1)} to ${ci[1].toFixed(1)}` : "";
}

function savedSentence() {
    if (!saved) {
        return "The model has no head: R², how much of a state a map explains, is all that can be scored.";
    }
    const parts = methods.map((m) => saved[m].blocks === null
        ? `${m} does not reach it`
        : `${m} saves ${saved[m].blocks.toFixed(1)} of ${count(L, "block")} (${saved[m].percent.toFixed(1)}%${savedInterval(m)})`);
    return `With early exit at a precision@1 of ${saved.target}, ${list(parts)}.`;
}

function fitSentence(method) {
    const fit = results.fits[method];
    const ridge = fit.ridge > 0 ? `with a ridge of ${fit.ridge}` : "without a ridge";
    return `The maps of ${method} (method ${fit.method}, ${ridge}, ${fit.bias ? "with" : "without"} a bias) were fitted on `
        + `${count(fit.rows, "vector")} from ${count(fit.texts, "text")} of ${list(fit.sources)} (file ${fit.file}).`;
}

function describe() {
    const positions = { all: "all positions of each text", one: "one position of each text" };
    const paragraph = (...parts) => element("p", {}, ...parts);
    document.querySelector("main").append(
        element("p", { class: "headline" }, savedSentence()),
        element("h2", {}, "Model and data"),
        paragraph(`${model.name} is a model of architecture ${model.architecture} with ${count(L, "block")}, width ${model.width}, `
            + `${count(model.heads, "head")}, a context of ${count(model.context, "token")}, a vocabulary of ${count(model.vocab, "token")} `
            + `and ${count(model.parameters, "parameter")}. It is stored as ${model.stored_dtype} in `, element("code", {}, model.path),
            ` and was run in ${model.dtype} by backend ${model.backend}; its fingerprint is `, element("code", {}, model.fingerprint), "."),
        paragraph(`All scores are over ${count(results.n_val, "vector")}: ${positions[data.positions] ?? `positions ${data.positions}`}, `
            + `${count(data.texts, "text")} of ${list(data.sources)}${data.seed === null ? "" : `, seed ${data.seed}`}. Layer 0 is the embedding, layer ${L} the last block's output. `
            + "id takes a layer's state for the last layer's as it is; its read-out is known as the logit lens."),
        ...fitted.map((m) => paragraph(fitSentence(m))));
}

function r2Sentence() {
    const pairs = [];
    for (let from = 0; from < L; from++) {
        for (let to = from + 1; to <= L; to++) {
            pairs.push(Object.fromEntries(methods.map((m) => [m, results.r2[m][from][to]])));
        }
    }
    const whole = pairs.filter((pair) => methods.every((m) => pair[m] !== null));
    if (whole.length === 0) {
        return "No pair of layers has an R² for every method.";
    }
    const means = methods.map((m) => `${short(mean(whole.map((pair) => Math.min(Math.max(pair[m], 0), 1))))} for ${m}`);
    const above = fitted.map((m) => `${m} is above id for ${share(whole.filter((pair) => pair[m] > pair.id).length, whole.length, "pair")}`);
    return `Over ${count(whole.length, "pair")} of layers the mean R², each clipped to 0 to 1, is ${list(means)}`
        + `${above.length ? `; ${list(above)}` : ""}.`;
}

function lastSentence() {
    const known = [...Array(L).keys()].filter((l) => methods.every((m) => results.r2_last[m]?.[l].r2 != null));
    const at = known.includes(halfway) ? halfway : known[0];
    if (at === undefined) {
        return "No layer before the last has an R² to it for every method.";
    }
    const better = (m) => known.filter((l) => results.r2_last[m][l].r2 > results.r2_last.id[l].r2).length;
    return `From layer ${at} to the last, R² is `
        + list(methods.map((m) => `${within(results.r2_last[m][at].r2, results.r2_last[m][at].r2_ci)} for ${m}`))
        + `${fitted.map((m) => `; ${m} is above id from ${share(better(m), known.length, "layer")} before the last`).join("")}.`;
}

/* Of the mean precision@1 over layers, where it is known. */
function meanSentence() {
    const known = methods.filter((m) => results.jump_mean?.[m]?.p1 != null);
    return known.length === 0 ? "" : ` Over all layers before the last the mean precision@1 is ${list(known.map((m) =>
        `${within(results.jump_mean[m].p1, results.jump_mean[m].p1_ci)} with ${m}`))}.`;
}

/* On how many layers before the last a method beats id, and where by most. sign: which way
 * is better. */
function comparison(method, member, sign) {
    const gains = results.jump[method].slice(0, L).map((p, l) => sign * (p[member] - results.jump.id[l][member]));
    const most = Math.max(...gains), n = gains.filter((gain) => gain > 0).length;
    const where = n > 0 ? `, by most at layer ${gains.indexOf(most)} (${short(most)})` : "";
    return `${method} is ${sign > 0 ? "above" : "below"} id at ${share(n, L, "layer")} before the last${where}`;
}

function precisionSentence() {
    const parts = methods.map((m) => `${short(results.jump[m][halfway].p1)} of the vectors with ${m}`);
    return `The top token read out at layer ${halfway} is the model's own for ${list(parts)}`
        + `${fitted.map((m) => `; ${comparison(m, "p1", 1)}`).join("")}.${meanSentence()}`;
}

function surprisalSentence() {
    const parts = methods.map((m) => {
        const { surprisal, surprisal_ci: ci } = results.jump[m][halfway];
        return `${short(surprisal)} nats${ci ? ` (95% interval ${short(ci[0])} to ${short(ci[1])})` : ""} with ${m}`;
    });
    return `The top token read out at layer ${halfway} has a mean surprisal of ${list(parts)}`
        + `${fitted.map((m) => `; ${comparison(m, "surprisal", -1)}`).join("")}.`;
}

function exitSentence() {
    const early = methods.map((m) => saved[m].blocks === null ? `never with ${m}`
        : `${(L - saved[m].blocks).toFixed(1)} with ${m}`);
    const fixed = methods.map((m) => {
        const layer = results.jump[m].findIndex((p) => p.p1 >= saved.target);
        return layer < 0 ? `never with ${m}` : `${layer} with ${m}`;
    });
    return `A precision@1 of ${saved.target} takes this many of the ${count(L, "block")} by early exit, on average: ${list(early)}; `
        + `by a fixed exit: ${list(fixed)}.`;
}

/* ---- the sections ---- */

const layerTitle = ([item]) => `layer ${item.parsed.x}`;

/* Columns of a table: members [name, heading] of scores, each with its interval where any
 * of the scores has one. */
function heads(scores, members, prefix = "") {
    return members.flatMap(([member, title]) => [`${prefix}${title}`,
        ...(scores.some((p) => p[`${member}_ci`]) ? [`${prefix}${title} low`, `${prefix}${title} high`] : [])]);
}

function cells(p, scores, members) {
    return members.flatMap(([member]) => [p[member],
        ...(scores.some((other) => other[`${member}_ci`]) ? p[`${member}_ci`] ?? [null, null] : [])]);
}

/* Of lists of scores by layer. */
function layerTable(title, members, lists, names) {
    return table(title, ["layer", ...names.flatMap((name) => heads(lists[name], members, name))],
        lists[names[0]].map((p, l) => [p.layer, ...names.flatMap((name) => cells(lists[name][l], lists[name], members))]));
}

/* For the captions of charts. */
function intervals(lists) {
    const some = Object.values(lists).flat().some((p) => Object.keys(p).some((name) => name.endsWith("_ci") && p[name]));
    return some ? " Shaded: 95% intervals, by resampling texts." : "";
}

function byMethod(make) {
    return methods.flatMap(make);
}

function r2Section() {
    const figure = element("figure", {}, element("div", { class: "maps" }, ...methods.map(heatMap)), heatScale(),
        element("figcaption", {}, "How much of the variance of one layer's states a shortcut from an earlier layer explains on "
            + "validation vectors, mean over coordinates. Values below 0 have the colour of 0; pairs without a value are blank."));
    const layers = [...Array(L + 1).keys()];
    section("From layer to layer", r2Sentence(), figure,
        methods.map((m) => table(`R² of ${m}: row from, column to`, ["layer", ...layers.map(String)],
            layers.map((from) => [from, ...results.r2[m][from]]))));
}

function meanTable() {
    const scores = methods.map((m) => results.jump_mean[m] ?? {});
    return table("mean precision@1 over the layers before the last", ["method", ...heads(scores, [["p1", "precision@1"]])],
        methods.map((m, i) => [m, ...cells(scores[i], scores, [["p1"]])]));
}

function lastSection() {
    const lists = Object.fromEntries(methods.filter((m) => results.r2_last[m]).map((m) => [m, results.r2_last[m]]));
    const names = Object.keys(lists), said = lastSentence();
    const sets = names.flatMap((m) => curves(rank(m), m, /* as the map, clipped */
        byLayer(lists[m], "r2").map((p) => ({ ...p, told: p.y, y: p.y == null ? null : Math.max(p.y, 0), ci: p.ci?.map((x) => Math.max(x, 0)) })),
        m === "id" ? DASHED : SOLID));
    section("To the last layer", said, lineChart(said, sets, axis("layer", { min: 0, max: L }), axis("R²", { min: 0, max: 1, ticks: {} }),
        "The last column of the maps above. Values below 0 are drawn at 0; the table has them."
            + (names.some((m) => lists[m].some((p) => p.r2_ci)) ? " Shaded: 95% intervals, by a jackknife over groups of texts." : ""),
        true, { title: layerTitle, label: ({ dataset, raw }) => ` ${brief(dataset.label)}: ${short(raw.told)}` }),
    [layerTable("R² to the last layer", [["r2", ""]], lists, names)]);
}

function precisionSection() {
    const ks = [["p1", 1, SOLID], ["p5", 5, DASHED], ["p10", 10, DOTTED]];
    const sets = byMethod((m) => ks.map(([member, k, dash]) =>
        curves(rank(m), `${m}, k = ${k}`, byLayer(results.jump[m], member), dash))).flat();
    const figure = lineChart(precisionSentence(), sets,
        axis("layer", { min: 0, max: L }), axis("precision@k", { min: 0, max: 1, ticks: {} }),
        "The share of vectors for which the shortcut's top token is among the k that the whole model puts first. "
            + "It is agreement with the model, not correctness." + intervals(results.jump),
        true, tips(layerTitle));
    section("Agreement with the model", precisionSentence(), figure,
        [layerTable("precision@k by layer", ks.map(([member, k]) => [member, ` @${k}`]), results.jump, methods),
            ...(results.jump_mean ? [meanTable()] : [])]);
}

function surprisalSection() {
    const sets = byMethod((m) => curves(rank(m), m, byLayer(results.jump[m], "surprisal"), m === "id" ? DASHED : SOLID));
    const figure = lineChart(surprisalSentence(), sets,
        axis("layer", { min: 0, max: L }), axis("surprisal, nats", { beginAtZero: true, ticks: {} }),
        "Minus the logarithm of the probability that the whole model gives to the shortcut's top token, mean."
            + intervals(results.jump),
        true, tips(layerTitle));
    section("Surprisal", surprisalSentence(), figure,
        [layerTable("surprisal by layer, nats", [["surprisal", ""]], results.jump, methods)]);
}

function savedTable() {
    const scores = methods.map((m) => saved[m]), members = [["blocks", "blocks"], ["percent", "percent"]];
    return table("saved by early exit", ["method", ...heads(scores, members)],
        methods.map((m) => [m, ...cells(saved[m], scores, members)]));
}

function exitSection() {
    const sets = byMethod((m) => [
        ...curves(rank(m), `${m}, early`, results.exit[m].map((p) => ({ x: p.layers, y: p.p1, ci: p.p1_ci, lambda: p.lambda }))
            .sort((a, b) => a.x - b.x || a.y - b.y), SOLID),
        ...curves(rank(m), `${m}, fixed`, byLayer(results.jump[m], "p1"), DASHED)]);
    sets.push({
        label: `target ${saved.target}`, data: [{ x: 0, y: saved.target }, { x: L, y: saved.target }],
        tone: "--soft", borderDash: DOTTED, borderWidth: 1.5, pointRadius: 0, pointHoverRadius: 0, pointHitRadius: 0,
    });
    const figure = lineChart(exitSentence(), sets,
        axis("blocks run, mean", { min: 0, max: L }), axis("precision@1", { min: 0, max: 1, ticks: {} }),
        "Early exit leaves at the first layer whose two likeliest tokens are far enough apart, as the threshold's λ says"
        + (data.exit_position == null ? ", which falls with the token's position; " : `, taking position ${data.exit_position} for every token, as the paper's code does; `)
            + "fixed exit always leaves after the same block." + intervals(results.exit),
        false, {
            title: () => "",
            label: ({ dataset, raw }) => ` ${brief(dataset.label)}: ${short(raw.x)} blocks, precision@1 ${within(raw.y, raw.ci)}`
                + (raw.lambda === undefined ? "" : `, λ ${raw.lambda}`),
        });
    section("Early and fixed exit", exitSentence(), figure, [
        ...methods.map((m) => table(`early exit with ${m}`, ["λ", ...heads(results.exit[m], [["layers", "blocks run"], ["p1", "precision@1"]])],
            results.exit[m].map((p) => [exact(p.lambda), ...cells(p, results.exit[m], [["layers"], ["p1"]])]))),
        table("fixed exit, precision@1", ["blocks run", ...methods],
            results.jump.id.map((_, l) => [l, ...methods.map((m) => results.jump[m][l].p1)])),
        savedTable()]);
}

/* ---- parts of a block ---- */

/* The whole-block scores that a map's parts are shown beside: "mat_attn" is a part of mat. */
function wholeOf(part) {
    return methods.find((m) => part.startsWith(`${m}_`));
}

const PART_WORDS = [["_ln1_ln2", "norms"], ["_attn", "attention"], ["_ffn", "feed-forward"]];

function partsSections() {
    const parts = Object.keys(results.parts).filter((name) => results.parts[name].length > 0);
    const wholes = [...new Set(parts.map(wholeOf).filter((m) => m !== undefined))];
    const names = [...parts, ...wholes];
    const lists = Object.fromEntries(names.map((name) => [name, results.parts[name] ?? results.jump[name]]));
    const tone = (name) => (wholes.includes(name) ? rank(name) : 2 + parts.indexOf(name));
    const told = (name) => {
        const word = PART_WORDS.find(([end]) => name.endsWith(end))?.[1];
        return wholes.includes(name) ? `${name} (whole blocks)` : word ? `${name} (${word})` : name;
    };
    const score = (name, layer, member) => lists[name].find((p) => p.layer === layer)?.[member];
    const sentence = (member, word, sign) => {
        const known = (name) => lists[name].filter((p) => p.layer < L && p[member] != null).map((p) => p[member]);
        const means = parts.filter((name) => known(name).length > 0).map((name) => [name, mean(known(name))])
            .sort((a, b) => sign * (b[1] - a[1]));
        return `With the first ${count(halfway, "block")} of ${L} run whole and a part of all later ones replaced, ${word} is `
            + `${list(names.map((name) => `${short(score(name, halfway, member))} with ${told(name)}`))}`
            + (means.length > 1 && means[0][1] !== means.at(-1)[1] ? `; over all layers before the last the ${told(means[0][0])} can best be replaced (mean ${short(means[0][1])}), `
                + `the ${told(means.at(-1)[0])} worst (${short(means.at(-1)[1])})` : "") + ".";
    };
    const draw = (title, member, label, range, sign, word, members) => {
        const said = sentence(member, word, sign);
        const sets = names.flatMap((name) => curves(tone(name), told(name), byLayer(lists[name], member), wholes.includes(name) ? DASHED : SOLID));
        section(title, said, lineChart(said, sets, axis("blocks run whole", { min: 0, max: L }), axis(label, range),
            "At layer l the first l blocks are run whole; of every later block the part is replaced by a linear map of the position's own "
                + "state. Dashed: one map for all the later blocks together." + intervals(lists), true, tips(layerTitle)),
        [layerTable(`${word} by layer`, members, lists, names)]);
    };
    draw("Parts of a block: agreement", "p1", "precision@1", { min: 0, max: 1, ticks: {} }, 1, "precision@1",
        [["p1", " @1"], ["p5", " @5"], ["p10", " @10"]]);
    draw("Parts of a block: surprisal", "surprisal", "surprisal, nats", { beginAtZero: true, ticks: {} }, -1, "mean surprisal", [["surprisal", ""]]);
}

/* ---- schedules ---- */

const KINDS = [["best", "largest product of R²"], ["exit", "one jump to the end"], ["alternate", "alternating"]];

function schedulesSections() {
    const all = results.schedules, maps = [...new Set(all.map((s) => s.map))];
    const series = maps.flatMap((map) => KINDS.map(([kind, words]) => ({ map, kind, words,
        runs: all.filter((s) => s.map === map && s.kind === kind).sort((a, b) => a.blocks - b.blocks) })))
        .filter(({ runs }) => runs.length > 0);
    const plan = (s) => (s.kind === "alternate" && s.run != null ? `${s.run} run, ${s.jump} jumped` : s.jumps.map(([from, to]) => `${from} to ${to}`).join(", "));
    const blocks = [...new Set(all.filter((s) => s.kind === "alternate").map((s) => s.blocks))]
        .sort((a, b) => Math.abs(a - L / 2) - Math.abs(b - L / 2))[0] ?? halfway;
    const sentence = (member, word, sign) => {
        const told = series.flatMap(({ map, words, runs }) => {
            const best = runs.filter((s) => s.blocks === blocks && s[member] != null).sort((a, b) => sign * (b[member] - a[member]))[0];
            return best ? [`${within(best[member], best[`${member}_ci`])} with ${map}, ${words}${best.kind === "alternate" ? ` (${plan(best)})` : ""}`] : [];
        });
        return told.length > 0 ? `With ${blocks} of ${count(L, "block")} run, ${word} is ${told.join("; ")}.`
            : `No schedule that runs ${blocks} of ${count(L, "block")} has a known ${word}.`;
    };
    const draw = (title, member, label, range, sign, word) => {
        const said = sentence(member, word, sign);
        const sets = series.flatMap(({ map, kind, words, runs }, i) => {
            const points = runs.map((s) => ({ x: s.blocks, y: s[member], ci: s[`${member}_ci`], plan: plan(s) }));
            const dash = kind === "exit" ? DASHED : SOLID;
            const set = curve(i, `${map}, ${words}`, points, dash);
            const dots = kind === "alternate"; /* several have the same number of blocks */
            return dots ? [{ ...set, showLine: false, pointRadius: 4 }] : [set, ...band(set)];
        });
        const tip = tips(([item]) => `${item.parsed.x} blocks run`, (raw) => `; ${brief(raw.plan || "no jump")}`);
        section(title, said, lineChart(said, sets, axis("blocks run", { min: 0, max: L }), axis(label, range),
            "What is left of the model's answers when some blocks are run and linear maps jump over the others: the schedule whose jumps have the largest "
                + "product of R² for that many blocks, one jump from a layer to the end (the fixed exit), and blocks run and jumped over in turn."
                + intervals({ all }), false, tip),
        series.map(({ map, words, runs }) => {
            const members = member === "p1" ? [["p1", "precision@1"], ["p5", "@5"], ["p10", "@10"]] : [["surprisal", "surprisal"]];
            return table(`${map}, ${words}`, ["jumps", "blocks run", "product of R²", ...heads(runs, members)],
                runs.map((s) => [plan(s) || "none", s.blocks, s.r2_product, ...cells(s, runs, members)]));
        }));
    };
    draw("Schedules: agreement", "p1", "precision@1", { min: 0, max: 1, ticks: {} }, 1, "precision@1");
    draw("Schedules: surprisal", "surprisal", "surprisal, nats", { beginAtZero: true, ticks: {} }, -1, "mean surprisal");
}

/* ---- other text ---- */

function transferSection() {
    const { texts, map: maps } = results.transfer, names = Object.keys(maps);
    const fits = (name) => (name === "id" ? [0] : [0, 1]); /* nothing is fitted for id */
    const label = (name, on, at) => (name === "id" ? `id, on ${texts[at]}` : `${name} of ${texts[on]}, on ${texts[at]}`);
    const said = `${names.filter((name) => name !== "id").map((name) => {
        const m = maps[name].p1_mean;
        return `Mean precision@1 of ${name} on ${texts[0]} is ${short(m[0][0])} fitted on it and ${short(m[1][0])} fitted on ${texts[1]}; `
            + `on ${texts[1]}, ${short(m[1][1])} fitted on it and ${short(m[0][1])} fitted on ${texts[0]}`;
    }).join(". ") || `Mean precision@1 of id is ${short(maps[names[0]].p1_mean[0][0])} on ${texts[0]} and ${short(maps[names[0]].p1_mean[0][1])} on ${texts[1]}`}.`;
    const sets = names.flatMap((name, i) => fits(name).flatMap((on) => [0, 1].map((at) =>
        curve(2 * i + at, label(name, on, at), maps[name].p1[on][at].map((y, x) => ({ x, y })), name !== "id" && on === at ? SOLID : DASHED))));
    const figure = lineChart(said, sets, axis("layer", { min: 0, max: L }), axis("precision@1", { min: 0, max: 1, ticks: {} }),
        "Maps fitted on one text and scored on another. Solid: scored on the text of the fit. The table gives means over layers, with 95% intervals where known.",
        true, tips(layerTitle));
    figure.querySelector("figcaption").before(...names.map((name) => {
        const { p1_mean: value, p1_mean_ci: ci } = maps[name];
        const head = texts.flatMap((text) => [`on ${text}`, ...(ci ? ["low", "high"] : [])]);
        return table(`${name}: mean precision@1`, ["fitted on", ...head], texts.map((text, on) =>
            [text, ...[0, 1].flatMap((at) => [value[on][at], ...(ci ? ci[on][at] ?? [null, null] : [])])]));
    }));
    section("Other text", said, figure, names.map((name) => table(`${name}: precision@1 by layer`,
        ["layer", ...fits(name).flatMap((on) => [0, 1].map((at) => label(name, on, at)))],
        maps[name].p1[0][0].map((_, l) => [l, ...fits(name).flatMap((on) => [0, 1].map((at) => maps[name].p1[on][at][l]))]))));
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
    const draw = (title, said, sets, caption) => section(title, said, lineChart(said, sets, axis("layer", { min: 0, max: L }),
        axis("precision@1", { min: 0, max: 1, ticks: {} }), caption, false, tips(layerTitle)), [all]);
    if (both.length > 0) {
        const sets = [["the layer alone", alone, DASHED], [`with layer ${L} of the token before`, both, SOLID]].filter(([, some]) => some.length > 0)
            .map(([label, some, dash], i) => curve(i, label, points(some), dash));
        const gains = both.flatMap((m) => alone.filter((other) => other.from[0] === m.from[0]).map((other) => [m, m.p1 - other.p1]));
        const most = gains.reduce((best, other) => (other[1] > best[1] ? other : best), gains[0] ?? [both[0], 0]);
        draw("What the token before adds", gains.length === 0 ? `With layer ${L} of the token before, precision@1 is ${short(both[0].p1)} from layer ${both[0].from[0]}.`
            : most[1] <= 0 ? `Layer ${L} of the token before adds nothing to precision@1 at any layer.`
            : `Layer ${L} of the token before adds most at layer ${most[0].from[0]}: precision@1 goes from ${short(most[0].p1 - most[1])} to ${short(most[0].p1)}.`, sets,
        "Maps to the last layer from each layer alone, and from it and the last layer of the token before, which is known by then.");
    }
    const ahead = [...new Set(read.filter((m) => plain(m) && m.to.startsWith(`${L}@+`)).map((m) => Number(m.to.split("+")[1])))].sort((a, b) => a - b);
    if (ahead.length > 0) {
        const of = (k) => points(read.filter((m) => plain(m) && m.to === `${L}@+${k}`));
        const best = Math.max(...of(ahead[0]).map((p) => p.y));
        draw("What a state says of the tokens to come", `The answer at the next position can be read from a state in up to ${Math.round(100 * best)}% of cases.`,
            ahead.map((k, i) => curve(i, k === 1 ? "the next position" : `${k} positions on`, of(k), SOLID)),
            "Maps from a layer to the last layer so many tokens further on: how often the guess is the model's own answer there.");
    }
    if (both.length === 0 && ahead.length === 0) {
        const top = read.reduce((best, m) => (m.p1 > (best?.p1 ?? -1) ? m : best), undefined);
        section("Maps one by one", top ? `The best of them, from ${top.from.join(" and ")} to ${top.to}, has precision@1 ${short(top.p1)}.` : "None of them is read out.", all, []);
    }
}

/* ---- how much text is enough ---- */

function trainingSections() {
    const series = results.training_size.filter((s) => s.points.length > 0);
    const variants = [...new Set(series.map((s) => JSON.stringify([s.method, s.ridge, s.bias])))];
    const tone = (s) => variants.indexOf(JSON.stringify([s.method, s.ridge, s.bias]));
    const least = (s, member) => { /* vectors from which on the score is within 1% of its best */
        const known = s.points.filter((p) => p[member] != null);
        const best = Math.max(...known.map((p) => p[member]));
        let at = known.length - 1;
        if (!(known[at]?.[member] >= best - 0.01 * Math.abs(best))) {
            return undefined; /* more text made it worse */
        }
        while (at > 0 && known[at - 1][member] >= best - 0.01 * Math.abs(best)) {
            at--;
        }
        return known[at]?.vectors;
    };
    const groups = ["one", "all"].map((positions) => series.filter((s) => s.positions === positions)).filter((some) => some.length > 0);
    const last = (s, member) => s.points.at(-1)[member] ?? -Infinity;
    const plain = series.filter((s) => s.ridge === 0);
    const sentence = (member, word) => {
        const reach = groups.map((some) => {
            const s = some.reduce((best, other) => (last(other, member) > last(best, member) ? other : best));
            const p = s.points.at(-1), enough = least(s, member);
            return `${s.name}, reaches ${word} ${within(p[member], p[`${member}_ci`])} with ${count(p.vectors, "vector")}`
                + (enough === undefined || enough === p.vectors ? "" : ` and is within 1% of that from ${enough.toLocaleString("en")} on`);
        });
        const [worst, s] = plain.flatMap((one) => one.points.filter((p) => p[member] != null).map((p) => [p, one]))
            .reduce((low, other) => (other[0][member] < low[0][member] ? other : low), [{ [member]: Infinity }]);
        const held = series.filter((other) => s && other.ridge > 0 && other.bias === s.bias && other.positions === s.positions)
            .flatMap((other) => other.points.filter((p) => p.vectors === worst.vectors));
        return `The best${groups.length > 1 ? " of each kind of sampling" : ""}: ${list(reach)}.`
            + (held.length === 0 ? "" : ` Without ridge ${word} falls lowest, to ${short(worst[member])}, with ${count(worst.vectors, "vector")} `
                + `(the states are ${model.width} wide); with ridge it is ${short(held[0][member])} there.`);
    };
    const scored = series.find((s) => s.val_vectors !== undefined);
    const of = scored ? ` Scored on ${count(scored.val_vectors, "vector")} of ${count(scored.val_texts, "validation text")}.` : "";
    const draw = (title, member, label, range, word, caption) => {
        const said = sentence(member, word);
        const sets = series.flatMap((s) => {
            const set = curve(tone(s), s.name, s.points.map((p) => ({ x: p.vectors, y: p[member], ci: p[`${member}_ci`] })), s.positions === "one" ? DASHED : SOLID);
            return tone(s) === 0 ? [set, ...band(set)] : [set]; /* those of the others lie on it: they are of the same texts */
        });
        const banded = series.some((s) => tone(s) === 0 && s.points.some((p) => p[`${member}_ci`]));
        section(title, said, lineChart(said, sets, logAxis("training vectors"), axis(label, range),
            `${caption} against the number of vectors that the maps were fitted on; ${list(groups.map((some) => `${some[0].positions === "one" ? "dashed, as in the paper" : "solid"}: ${some[0].name.split(", ").at(-1)}`))}.${of}`
                + (banded ? ` Shaded: 95% intervals of ${series[0].method}, by resampling texts.` : ""), false, tips(([item]) => count(item.parsed.x, "vector"))),
        series.map((s) => table(`${s.name} (${s.method}, ridge ${s.ridge}, ${s.bias ? "with" : "without"} bias)`, ["vectors", ...heads(s.points, [[member, word]])],
            s.points.map((p) => [p.vectors.toLocaleString("en"), ...cells(p, s.points, [[member]])]))));
    };
    const lowest = Math.min(...series.flatMap((s) => s.points.map((p) => p.r2 ?? 0)));
    draw("How much text is enough: R²", "r2", "R²", { min: Math.max(-1, Math.floor(4 * lowest) / 4), max: 1, ticks: {} }, "R²",
        `Held-out R², mean over pairs to the last layer${lowest < -1 ? " (values below -1 are off the chart, and in the tables)" : ""},`);
    if (!series.some((s) => s.points.some((p) => p.p1 !== null))) {
        return;
    }
    draw("How much text is enough: agreement", "p1", "precision@1", { min: 0, max: 1, ticks: {} }, "mean precision@1", "Mean precision@1 over the layers before the last");
}

/* ---- the page ---- */

Chart.defaults.font.family = colour("--sans");
describe();
r2Section();
if (results.r2_last) {
    lastSection();
}
if (results.jump) {
    precisionSection();
    surprisalSection();
    exitSection();
}
if (Object.keys(results.parts ?? {}).length > 0) {
    partsSections();
}
if (results.schedules?.length > 0) {
    schedulesSections();
}
if (Object.keys(results.transfer?.map ?? {}).length > 0) {
    transferSection();
}
if (results.maps?.length > 0) {
    mapsSections();
}
if (results.training_size?.some((s) => s.points.length > 0)) {
    trainingSections();
}

function printing(on) {
    document.documentElement.toggleAttribute("data-printing", on);
    charts.forEach(paint);
}
window.addEventListener("beforeprint", () => printing(true));
window.addEventListener("afterprint", () => printing(false));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => charts.forEach(paint));
document.body.dataset.ready = "true";
