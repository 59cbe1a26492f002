/* sections.js: the sections of the report that every run has: what each says in one line, its
 * chart and its tables. Those of members that the results lack are left out. */

const layerTitle = ([item]) => `layer ${item.parsed.x}`;
const layerAxis = () => axis("layer", { min: 0, max: L });
const shareAxis = (title) => axis(title, { min: 0, max: 1, ticks: {} });
const INTERVALS = " Shaded: 95% intervals.";

/* ---- tables ---- */

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

/* Of lists of scores by layer; call(name): what a list is called. */
function layerTable(title, members, lists, names, call = (name) => told[name] ?? name) {
    return table(title, ["layer", ...names.flatMap((name) => heads(lists[name], members, call(name)))],
        lists[names[0]].map((p, l) => [p.layer, ...names.flatMap((name) => cells(lists[name][l], lists[name], members))]));
}

/* For the captions of charts. */
function intervals(lists) {
    return Object.values(lists).flat().some((p) => Object.keys(p).some((name) => name.endsWith("_ci") && p[name])) ? INTERVALS : "";
}

/* ---- above all sections ---- */

/* Blocks are not work: what finding the exits costs stands beside what they leave unrun. */
function headlineCost() {
    const m = bestMap() ?? "id";
    return saved[m].flops == null ? "" : ` With a read-out after each layer that costs ${saved[m].flops.toFixed(1)} times the multiply-adds of the full model.`;
}

function headline() {
    if (!saved) {
        return "The model has no head: R², how much of a state a map explains, is all that can be scored.";
    }
    return `Early exit leaves ${compare((m) => (saved[m].blocks === null ? undefined : `${saved[m].blocks.toFixed(1)} of ${count(L, "block")} (${saved[m].percent.toFixed(1)}%) unrun`),
        (m) => saved[m].blocks)}, at a precision@1 of ${saved.target}.`.replace("leaves unknown, at", "never reaches") + headlineCost();
}

function overview() {
    document.querySelector("main").append(
        element("p", { class: "headline" }, headline()),
        element("p", {}, `A fitted map is a matrix that takes the state after one layer of ${model.name} to a later one; the logit lens takes it as it is. `
            + `Layer 0 is the embedding, layer ${L} the last block's output. In all charts a dashed line is the logit lens, dots are single settings, `
            + "shades are 95% intervals, and a name in the legend shows or hides its curve."),
        element("nav", { "aria-label": "contents" }, element("h2", {}, "Contents"), element("ol", {})));
}

/* ---- from layer to layer ---- */

function r2Section() {
    const pairs = [...Array(L).keys()].flatMap((from) => [...Array(L - from).keys()].map((k) => [from, from + 1 + k]));
    const full = (m) => pairs.every(([i, j]) => results.r2[m][i][j] !== null);
    const wanted = methods.some((m) => m !== "id" && full(m)) ? methods.filter(full) : methods;
    const known = pairs.filter(([i, j]) => wanted.every((m) => results.r2[m][i][j] !== null));
    const average = (m) => mean(known.map(([i, j]) => Math.min(Math.max(results.r2[m][i][j], 0), 1)));
    const said = known.length === 0 ? "No pair of layers has an R² for every method."
        : `Over ${count(known.length, "pair")} of layers the mean R² is ${compare((m) => (wanted.includes(m) ? short(average(m)) : undefined), average)}.`;
    const figure = element("figure", {}, element("div", { class: "maps" }, ...methods.map(heatMap)), heatScale(),
        element("figcaption", {}, "How much of the variance of one layer's states a map from an earlier layer explains, on validation vectors. "
            + "Values below 0 have the colour of 0, also in the mean; pairs without a value are blank."));
    figure.csv = () => [["method", "from layer", "to layer", "R²"], ...methods.flatMap((m) =>
        results.r2[m].flatMap((row, from) => row.flatMap((value, to) => (value === null ? [] : [[m, from, to, value]]))))];
    figure.png = heatPicture;
    const layers = [...Array(L + 1).keys()];
    section("From layer to layer", said, figure,
        methods.map((m) => table(`R² of the ${told[m]}: row from, column to`, ["layer", ...layers.map(String)],
            layers.map((from) => [from, ...results.r2[m][from]]))), ["R²", "fitted map", "logit lens"]);
}

function lastSection() {
    const lists = Object.fromEntries(methods.filter((m) => results.r2_last[m]).map((m) => [m, results.r2_last[m]]));
    const names = Object.keys(lists);
    const layers = [...Array(L).keys()].filter((l) => methods.every((m) => lists[m]?.[l].r2 != null));
    const at = layers.includes(halfway) ? halfway : layers[0];
    const said = at === undefined ? "No layer before the last has an R² to it for every method."
        : `From layer ${at} to the last, R² is ${compare((m) => short(lists[m][at].r2), (m) => lists[m][at].r2)}.`;
    const sets = names.flatMap((m) => curves(rank(m), told[m], /* as the map, clipped */
        byLayer(lists[m], "r2").map((p) => ({ ...p, told: p.y, y: p.y == null ? null : Math.max(p.y, 0), ci: p.ci?.map((x) => Math.max(x, 0)) })), lookOf(m)));
    section("To the last layer", said, lineChart(said, sets, layerAxis(), shareAxis("R²"),
        `The last column of the maps above. Values below 0 are drawn at 0; the table has them.${intervals(lists)}`,
        true, { title: layerTitle, label: ({ dataset, raw }) => ` ${brief(dataset.label)}: ${short(raw.told)}` }),
    [layerTable("R² to the last layer", [["r2", ""]], lists, names)], ["R²", "interval"]);
}

/* ---- what is read out ---- */

function meanTable() {
    const scores = methods.map((m) => results.jump_mean[m] ?? {});
    return table("mean precision@1 over the layers before the last", ["method", ...heads(scores, [["p1", "precision@1"]])],
        methods.map((m, i) => [told[m], ...cells(scores[i], scores, [["p1"]])]));
}

function precisionSection() {
    const ks = [["p1", 1], ["p5", 5], ["p10", 10]], at = (m) => results.jump[m][halfway].p1;
    const said = `The first guess of layer ${halfway} is the model's own this often: ${compare((m) => percent(at(m)), at)}.`;
    const sets = Object.fromEntries(ks.map(([member, k]) => [`@${k}`,
        methods.flatMap((m) => curves(rank(m), told[m], byLayer(results.jump[m], member), lookOf(m)))]));
    const figure = lineChart(said, sets, layerAxis(), shareAxis("precision@k"),
        "How often a layer's first guess is among the k that the whole model puts first. "
            + `It is agreement with the model, not correctness.${intervals(results.jump)}`, true, tips(layerTitle));
    section("Agreement with the model", said, figure,
        [layerTable("precision@k by layer", ks.map(([member, k]) => [member, ` @${k}`]), results.jump, methods),
            ...(results.jump_mean ? [meanTable()] : [])], ["precision@k", "interval"]);
}

/* Scores in nats, of which less is better. */
function natsSection(title, member, caption, say) {
    const at = (m) => results.jump[m]?.[halfway][member];
    const names = methods.filter((m) => results.jump[m].every((p) => p[member] !== undefined));
    if (names.length === 0) {
        return;
    }
    const said = say(compare((m) => (at(m) == null ? undefined : `${short(at(m))} nats`), (m) => -at(m)));
    const sets = names.flatMap((m) => curves(rank(m), told[m], byLayer(results.jump[m], member), lookOf(m)));
    section(title, said, lineChart(said, sets, layerAxis(), axis(`${title === "KL" ? "KL" : "surprisal"}, nats`, { beginAtZero: true, ticks: {} }),
        `${caption}${intervals(results.jump)}`, true, tips(layerTitle)),
    [layerTable(`${title} by layer, nats`, [[member, ""]], results.jump, names)], [title === "KL" ? "KL" : "surprisal"]);
}

function surprisalSection() {
    natsSection("Surprisal", "surprisal", "Minus the logarithm of the probability that the whole model gives to a layer's first guess, mean.",
        (words) => `At layer ${halfway} the first guess has a mean surprisal of ${words}.`);
    natsSection("KL", "kl", "How far a layer's distribution over the next token is from the model's own, mean.",
        (words) => `At layer ${halfway} the KL from the model's own guesses is ${words}.`);
}

/* ---- exits ---- */

function savedTable() {
    const scores = methods.map((m) => saved[m]), members = [["blocks", "blocks"], ["percent", "percent"]];
    return table("blocks that early exit leaves unrun", ["method", ...heads(scores, members)],
        methods.map((m) => [told[m], ...cells(saved[m], scores, members)]));
}

function exitSection() {
    const sets = methods.flatMap((m) => [
        ...curves(rank(m), `${told[m]}, early exit`, results.exit[m].map((p) => ({ x: p.layers, y: p.p1, ci: p.p1_ci, lambda: p.lambda }))
            .sort((a, b) => a.x - b.x || a.y - b.y), lookOf(m)),
        curve(rank(m), `${told[m]}, fixed exit`, byLayer(results.jump[m], "p1"), "dots")]);
    sets.push({
        label: `target ${saved.target}`, data: [{ x: 0, y: saved.target }, { x: L, y: saved.target }],
        tone: "--soft", borderDash: [], borderWidth: 1, pointRadius: 0, pointHoverRadius: 0, pointHitRadius: 0,
    });
    const said = `A precision@1 of ${saved.target} takes ${compare((m) => (saved[m].blocks === null ? undefined : `${(L - saved[m].blocks).toFixed(1)} of ${count(L, "block")}`),
        (m) => saved[m].blocks)} on average, by early exit.`.replace("takes unknown on average, by early exit", "is reached by no early exit");
    const figure = lineChart(said, sets, axis("blocks run, mean", { min: 0, max: L }), shareAxis("precision@1"),
        "Early exit leaves at the first layer whose two likeliest tokens are far enough apart, as the threshold λ says"
        + (data.exit_position == null ? ", which falls with the token's position; " : `, taking position ${data.exit_position} for every token, as the paper's code does; `)
            + `fixed exit always leaves after the same block.${intervals(results.exit)}`,
        false, {
            title: () => "",
            label: ({ dataset, raw }) => ` ${brief(dataset.label)}: ${short(raw.x)} blocks, precision@1 ${within(raw.y, raw.ci)}`
                + (raw.lambda === undefined ? "" : `, λ ${raw.lambda}`),
        });
    section("Early and fixed exit", said, figure, [
        ...methods.map((m) => table(`early exit with the ${told[m]}`, ["λ", ...heads(results.exit[m], [["layers", "blocks run"], ["p1", "precision@1"]])],
            results.exit[m].map((p) => [exact(p.lambda), ...cells(p, results.exit[m], [["layers"], ["p1"]])]))),
        table("fixed exit, precision@1", ["blocks run", ...methods.map((m) => told[m])],
            results.jump.id.map((_, l) => [l, ...methods.map((m) => results.jump[m][l].p1)])),
        savedTable()], ["early exit", "precision@k"]);
}
