// isomorphic-git at work: `node isomorphic-git.js URL DIRECTORY SIZE` clones, commits a file of that size, and pushes it.
import crypto from "node:crypto";
import fs from "node:fs";
import git from "isomorphic-git";
import http from "isomorphic-git/http/node";
import { step } from "./proxied.js";

const [url, dir, size] = process.argv.slice(2);
const there = { fs, http, dir, url };

await step("clone", () => git.clone(there));
fs.writeFileSync(`${dir}/a.bin`, crypto.randomBytes(Number(size)));
await git.add({ fs, dir, filepath: "a.bin" });
await git.commit({ fs, dir, message: "second", author: { name: "Ana Demo", email: "ana@acme.example" } });
await step("push", () => git.push({ ...there, ref: "main" }));
