/* closing.js: what to conclude, what was run, the definitions, and the contents list; then the
 * page is drawn. */

/* ---- what to conclude: sentences made of the results ---- */

/* The fitted map that agrees best with the model, mean over layers; the first of equals. */
function bestMap() {
    const average = (m) => results.jump_mean?.[m]?.p1 ?? mean(results.jump[m].slice(0, L).map((p) => p.p1));
    return fitted.reduce((best, m) => (best === undefined || average(m) > 1.01 * average(best) ? m : best), undefined);
}

function adviseLayer() {
    const best = bestMap(), goals = [...new Set([0.5, 0.8, saved.target])].sort((a, b) => a - b);
    const layer = (m, least) => results.jump[m].slice(0, L).findIndex((p) => p.p1 >= least);
    const words = (least) => {
        const known = [...(best ? [best] : []), "id"].filter((m) => layer(m, least) >= 0);
        return known.length === 0 ? "none before the last" : known.map((m) => `layer ${layer(m, least)} with the ${told[m]}`).join(", ");
    };
    return ["Which layer.", `The first whose guess is the model's own often enough: for ${goals.map((least) => `${Math.round(100 * least)}%, ${words(least)}`).join("; for ")}.`];
}

function adviseMap() {
    const best = bestMap(), [a, b] = [results.jump_mean?.[best], results.jump_mean?.id];
    if (a?.p1 == null || b?.p1 == null) {
        return undefined;
    }
    const clear = a.p1_ci && b.p1_ci && (a.p1_ci[0] > b.p1_ci[1] || b.p1_ci[0] > a.p1_ci[1]);
    const words = `mean precision@1 over the layers is ${short(a.p1)} with the ${told[best]} and ${short(b.p1)} with the logit lens`;
    return ["Is a map worth fitting?", !clear ? `Not by these texts: ${words}, and the intervals ${a.p1_ci ? "overlap" : "are not known"}.`
        : a.p1 > b.p1 ? `Yes: ${words}.` : `No: ${words}.`];
}

function adviseRidge() {
    const series = (results.training_size ?? []).filter((s) => !s.bias && s.points.length > 0);
    const positions = series.some((s) => s.positions === "all") ? "all" : "one";
    const [plain, ridge] = [false, true].map((with_) => series.find((s) => s.positions === positions && s.ridge > 0 === with_));
    const pairs = (plain?.points ?? []).map((p) => [p, ridge?.points.find((q) => q.vectors === p.vectors)]).filter(([p, q]) => p.r2 != null && q?.r2 != null);
    if (pairs.length === 0) {
        return undefined;
    }
    const [p, q] = pairs.at(-1), gain = q.r2 - p.r2, chance = p.r2_ci ? (p.r2_ci[1] - p.r2_ci[0]) / 2 : 0.005;
    const needed = pairs.filter(([a, b]) => b.r2 - a.r2 > 0.01), most = needed.reduce((x, y) => (x && x[1].r2 - x[0].r2 >= y[1].r2 - y[0].r2 ? x : y), undefined);
    return ["Ridge or not.", `With ${count(p.vectors, "vector")} a ridge of ${ridge.ridge} changes R² by ${gain.toFixed(4)}, `
        + `${Math.abs(gain) <= chance ? "less than other texts would: it may be left out" : gain > 0 ? "so use it" : "so leave it out"}.`
        + (most && most !== pairs.at(-1) ? ` It helps up to ${count(needed.at(-1)[0].vectors, "vector")}, most with ${most[0].vectors.toLocaleString("en")}: R² is ${short(most[0].r2)} without and ${short(most[1].r2)} with it.` : "")];
}

function adviseText() {
    const member = results.training_size?.some((s) => s.points.at(-1)?.p1 != null) ? "p1" : "r2", word = member === "p1" ? "precision@1" : "R²";
    const series = (results.training_size ?? []).filter((s) => s.points.length > 1 && s.points.at(-1)[member] != null);
    if (series.length === 0) {
        return undefined;
    }
    const best = series.reduce((a, b) => (b.points.at(-1)[member] > a.points.at(-1)[member] ? b : a));
    const [before, end] = best.points.slice(-2), gain = end[member] - (before[member] ?? end[member]);
    const chance = end[`${member}_ci`] ? (end[`${member}_ci`][1] - end[`${member}_ci`][0]) / 2 : 0.01;
    return ["Is more text worth it?", `The last step, from ${before.vectors.toLocaleString("en")} to ${count(end.vectors, "vector")}, changed mean ${word} by ${gain.toFixed(3)}, `
        + `${gain > Math.max(0.01, 0.2 * chance) ? "so more text still helps" : "so more text would change little"}.`];
}

function adviseExit() {
    const known = methods.filter((m) => saved?.[m].percent != null).sort((a, b) => saved[b].percent - saved[a].percent);
    return known.length === 0 ? undefined : ["Is early exit worth it?", `It leaves ${saved[known[0]].percent.toFixed(1)}% of the blocks unrun at most, with the ${told[known[0]]}, `
        + `while ${Math.round(100 * saved.target)}% of the guesses stay the model's own. Blocks are not time. ${results.net ? netSaid() : "Each layer at which the model may stop is read out, and that is not counted here."}`];
}

function adviseOther() {
    const maps = results.transfer?.map ?? {}, main = Object.keys(maps).find((name) => name !== "id");
    const m = maps[main]?.p1_mean;
    if (!m || m[0][1] == null || m[1][1] == null) {
        return undefined;
    }
    const loss = m[1][1] - m[0][1];
    return ["Do the maps hold on other text?", `On ${results.transfer.texts[1]} those of ${results.transfer.texts[0]} lose ${short(loss)} of ${short(m[1][1])} precision@1: `
        + `${loss > 0.1 * m[1][1] ? "fit on the kind of text you will use" : "mostly, yes"}.`];
}

function adviseRank() {
    const { points } = results.ranks ?? { points: [] }, head = points.every((p) => p.p1 != null);
    return points.length === 0 ? undefined : ["How narrow.", rankSentence(head ? "p1" : "r2", head ? "precision@1" : "R²")];
}

function conclusions() {
    const said = [...(results.jump ? [adviseLayer(), adviseMap()] : []), adviseRidge(), adviseText(), ...(saved ? [adviseExit()] : []), adviseOther(), adviseRank()]
        .filter((one) => one !== undefined);
    if (said.length > 0) {
        document.querySelector("main").append(element("section", { id: "s-conclusions", class: "advice" }, element("h2", {}, "What to conclude"),
            element("p", { class: "soft" }, "These sentences are made from the numbers above by fixed rules; the charts have the whole picture."),
            ...said.map(([question, answer]) => element("p", {}, element("strong", {}, question), ` ${answer}`))));
    }
}

/* ---- what was run ---- */

function fitSentence(method) {
    const fit = results.fits[method];
    return `${told[method]} (${method}): method ${fit.method}, ${fit.ridge > 0 ? `ridge ${fit.ridge}` : "no ridge"}, ${fit.bias ? "with" : "without"} intercept; fitted on `
        + `${count(fit.rows, "vector")} from ${count(fit.texts, "text")} of ${list(fit.sources)}; file ${fit.file}.`;
}

function about() {
    const positions = { all: "all positions of each text", one: "one position of each text", listed: "the positions that the file of samples lists" };
    const rows = [
        ["Model", `${model.name}: ${model.architecture}, ${count(L, "block")}, width ${model.width}, ${count(model.heads, "head")}, context ${count(model.context, "token")}, `
            + `vocabulary ${count(model.vocab, "token")}, ${count(model.parameters, "parameter")} stored as ${model.stored_dtype}; run in ${model.dtype} by ${model.backend}`],
        ["Fingerprint", element("code", {}, model.fingerprint)],
        ["Scored on", `${count(results.n_val, "vector")}: ${positions[data.positions] ?? `positions ${data.positions}`}, ${count(data.texts, "text")} of ${list(data.sources)}`
            + `${data.seed === null ? "" : `, seed ${data.seed}`}`],
        ...fitted.map((m) => ["Maps", fitSentence(m)]),
        ...(results.made ? [["Command", element("code", {}, results.made.command.join(" "))], ["Made by", `jumpcut ${results.made.version}`]] : []),
        ["Page by", `jumpcut ${document.querySelector('meta[name="generator"]').content.replace(/^jumpcut /, "")}, charts by Chart.js ${Chart.version}`],
    ];
    document.querySelector("main").append(element("section", { id: "s-about" }, element("h2", {}, "Model, texts and command"),
        element("dl", { class: "about" }, ...rows.flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)]))));
}

/* ---- definitions, where captions lead ---- */

const DEFINITIONS = [
    ["layer", "The state after so many blocks, for one token of a text: 0 is the embedding's output."],
    ["vector", "The state of one layer at one position of one text."],
    ["fitted map", "A matrix A found by least squares over training vectors, so that A h is close to the later layer's state. With an intercept a constant is added."],
    ["logit lens", "An early state read out as if it were the last: nothing is fitted. On the command line it is called id."],
    ["ridge", "A penalty on large entries of a map, for fits on few vectors."],
    ["narrow map", "A map that is the product of a tall and a wide matrix; its rank is the size between them. It has fewer parameters and takes fewer flops (multiplications and additions) than a whole matrix."],
    ["context map", "A map from more than one state: of this token and of the one before."],
    ["R²", "The share of the later state's variance that a map explains on validation vectors: 1 is all, 0 is no better than the mean, less is worse than that. Mean over coordinates."],
    ["precision@k", "How often the layer's first guess is among the k that the whole model puts first. It says nothing of the text itself."],
    ["surprisal", "Minus the natural logarithm of the probability that the whole model gives to the layer's first guess; nats. Less is better."],
    ["KL", "The sum of p ln(p / q) over all tokens, p the whole model's distribution, q the layer's; nats. 0 is the same."],
    ["early exit", "Leaving the model for a token as soon as a layer is sure enough. It runs fewer blocks where tokens are easy; a fixed exit leaves after the same layer for all."],
    ["part of a block", "Attention, the MLP or the norms of a block, each replaced by a map of its own."],
    ["schedule", "Which blocks are run and over which a map jumps."],
    ["interval", "Where 95 of 100 repetitions with other texts of the same kind would fall: by resampling texts, for R² by a jackknife over groups of them."],
];

function definitions() {
    document.querySelector("main").append(element("section", { id: "s-definitions" }, element("h2", {}, "Definitions"),
        element("dl", {}, ...DEFINITIONS.flatMap(([term, words]) => [element("dt", { id: slug(term) }, term), element("dd", {}, words)])),
        element("p", { class: "soft" }, "In full, with formulas, in docs/methods.md of jumpcut. The method is that of Yom Din, Karidi, Choshen and Geva, ",
            element("a", { href: "https://arxiv.org/abs/2303.09435" }, "Jump to Conclusions: Short-Cutting Transformers With Linear Transformations"), ".")));
}

function contents() {
    const items = [...document.querySelectorAll("main > section")].map((made) =>
        element("li", {}, element("a", { href: `#${made.id}` }, made.querySelector("h2").textContent)));
    document.querySelector("nav ol").append(...items);
}

/* ---- the page ---- */

Chart.defaults.font.family = colour("--sans");
overview();
r2Section();
if (results.r2_last) {
    lastSection();
}
if (results.jump) {
    precisionSection();
    surprisalSection();
    exitSection();
}
if (results.net && results.jump) {
    netSection();
}
if (results.decode?.points.length > 0) {
    decodeSection();
}
if (Object.keys(results.parts ?? {}).length > 0) {
    partsSections();
}
if (results.schedules?.length > 0) {
    schedulesSections();
}
if (results.ranks?.points.length > 0) {
    ranksSection();
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
conclusions();
about();
definitions();
contents();

function printing(on) {
    document.documentElement.toggleAttribute("data-printing", on);
    for (const chart of charts) { /* so that two find room on a sheet of paper, their words not shrunk */
        chart.resize(...(on ? [680, 250] : []));
        paint(chart);
    }
}
window.addEventListener("beforeprint", () => printing(true));
window.addEventListener("afterprint", () => printing(false));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => charts.forEach(paint));
document.body.dataset.ready = "true";
