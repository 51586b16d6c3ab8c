// Draws openapi.json: one section a tag, one box an endpoint. No library; text is set as text, never as markup.
"use strict";

const METHODS = ["get", "post", "put", "patch", "delete"];

const make = (tag, text, ...children) => {
  const node = document.createElement(tag);
  if (text) node.textContent = text;
  node.append(...children.filter(Boolean));
  return node;
};

const nameOf = (reference) => reference.split("/").pop();

// A schema as a short text: `{ id: string, items?: [Task] }`. Named schemas are expanded to a depth of three.
const shape = (schema, all, depth = 0) => {
  if (!schema || schema === true) return "any";
  if (schema.$ref) {
    const target = all[nameOf(schema.$ref)];
    return depth > 2 || !target ? nameOf(schema.$ref) : shape(target, all, depth + 1);
  }
  const several = schema.oneOf || schema.anyOf || schema.allOf;
  if (several) return several.map((one) => shape(one, all, depth)).join(schema.allOf ? " & " : " | ");
  if (schema.enum) return schema.enum.map((word) => JSON.stringify(word)).join(" | ");
  const type = [].concat(schema.type ?? "any").join(" | ");
  if (schema.items) return `[${shape(schema.items, all, depth)}]`;
  if (schema.properties) {
    const pad = "  ".repeat(depth + 1);
    const needed = schema.required ?? [];
    const lines = Object.entries(schema.properties).map(([name, inner]) => {
      const note = (inner.description ?? "").split("\n")[0];
      return `${pad}${name}${needed.includes(name) ? "" : "?"}: ${shape(inner, all, depth + 1)}${note ? `   // ${note}` : ""}`;
    });
    return `{\n${lines.join("\n")}\n${"  ".repeat(depth)}}`;
  }
  return type;
};

const contentOf = (holder, all) =>
  Object.entries(holder?.content ?? {}).map(([kind, body]) => make("div", "", make("p", kind), make("pre", shape(body.schema, all))));

const parametersOf = (operation, all) => {
  if (!operation.parameters?.length) return null;
  const rows = operation.parameters.map((one) =>
    make("tr", "", make("td", "", make("code", one.name)), make("td", one.in + (one.required ? ", needed" : "")),
      make("td", shape(one.schema, all)), make("td", one.description ?? "")));
  return make("table", "", make("tbody", "", ...rows));
};

const responsesOf = (operation, all) => {
  const rows = Object.entries(operation.responses ?? {}).map(([status, response]) => {
    const problem = response.content?.["application/problem+json"];
    return make("tr", "", make("td", status), make("td", response.description ?? "", ...(problem ? [] : contentOf(response, all))));
  });
  return make("table", "", make("tbody", "", ...rows));
};

const endpoint = (path, method, operation, all) => {
  const open = operation.security?.some((one) => Object.keys(one).length === 0);
  const badge = open && make("span", "no token");
  if (badge) badge.className = "open";
  const summary = make("summary", "", make("b", method), make("code", path), ` ${operation.summary ?? ""} `, badge);
  const box = make("details", "", summary);
  box.id = operation.operationId ?? `${method}${path}`;
  // The inside is drawn when it is first looked at: the document is long.
  box.addEventListener("toggle", () => {
    if (box.childElementCount > 1) return;
    if (operation.description) box.append(make("p", operation.description));
    const parameters = parametersOf(operation, all);
    if (parameters) box.append(make("h3", "Parameters"), parameters);
    if (operation.requestBody) box.append(make("h3", "Body"), ...contentOf(operation.requestBody, all));
    box.append(make("h3", "Answers"), responsesOf(operation, all));
  });
  box.dataset.text = `${method} ${path} ${operation.summary ?? ""} ${operation.description ?? ""}`.toLowerCase();
  return box;
};

const draw = (api) => {
  const all = api.components?.schemas ?? {};
  const main = document.getElementById("endpoints");
  const sections = new Map();
  for (const tag of api.tags ?? []) {
    const section = make("section", "", make("h2", tag.name, make("small", ` ${tag.description ?? ""}`)));
    sections.set(tag.name, section);
    main.append(section);
  }
  for (const [path, item] of Object.entries(api.paths)) {
    for (const method of METHODS.filter((one) => item[one])) {
      sections.get(item[method].tags?.[0])?.append(endpoint(path, method, item[method], all));
    }
  }
  document.getElementById("about").textContent = api.info.description;
  const find = document.getElementById("find");
  const filter = () => {
    const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const box of main.querySelectorAll("details")) {
      box.hidden = !words.every((word) => box.dataset.text.includes(word));
      shown += box.hidden ? 0 : 1;
    }
    document.getElementById("count").textContent = `${shown} endpoints, version ${api.info.version}`;
  };
  find.addEventListener("input", filter);
  filter();
};

fetch("/api/v1/openapi.json")
  .then((response) => response.json())
  .then(draw)
  .catch((cause) => document.getElementById("endpoints").append(make("p", `Cannot read openapi.json: ${cause}`)));
