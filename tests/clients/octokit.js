// octokit at work: `node octokit.js FLOW NUMBER`.
import { Octokit } from "octokit";
import { fetch, step } from "./proxied.js";

const octokit = new Octokit({
  auth: "ghp_5ecret",
  request: { fetch },
  retry: { enabled: false },
  throttle: { enabled: false },
});
const [flow, number] = process.argv.slice(2);
const text = { message: "add", content: Buffer.from("text").toString("base64") };

async function work(owner, repo) {
  const here = { owner, repo };
  const rest = octokit.rest;
  await step("look", () => rest.repos.get(here));
  await step("file", () => rest.repos.createOrUpdateFileContents({ ...here, path: "a/b.txt", ...text }));
  await step("blob", () => rest.git.createBlob({ ...here, content: "text", encoding: "utf-8" }));
  const one = { path: "a.txt", mode: "100644", type: "blob", content: "text" };
  const sha = "6dcb09b5b57875f334f61aebed695e2e4193db5e";
  await step("tree", () => rest.git.createTree({ ...here, base_tree: sha, tree: [one] }));
  await step("commit", () => rest.git.createCommit({ ...here, message: "add", tree: sha, parents: [] }));
  await step("ref", () => rest.git.createRef({ ...here, ref: "refs/heads/topic", sha }));
  await step("move", () => rest.git.updateRef({ ...here, ref: "heads/topic", sha }));
  await step("issue", () => rest.issues.create({ ...here, title: "title" }));
  await step("comment", () => rest.issues.createComment({ ...here, issue_number: 7, body: "text" }));
  await step("pull request", () => rest.pulls.create({ ...here, head: "topic", base: "main", title: "title" }));
  await step("merge", () => rest.pulls.merge({ ...here, pull_number: 3 }));
  const release = await step("release", () => rest.repos.createRelease({ ...here, tag_name: "v1" }));
  if (release) {
    const asset = { ...here, release_id: release.data.id, name: "a.bin", data: Buffer.alloc(100000, "x") };
    await step("asset", () => rest.repos.uploadReleaseAsset({ ...asset, url: release.data.upload_url }));
  }
}

async function pages() {
  const list = octokit.rest.issues.listForRepo;
  const issues = await step("pages", () => octokit.paginate(list, { owner: "acme", repo: "web", per_page: 1 }));
  console.log(`issues: ${issues.map((issue) => issue.number)}`);
}

async function numbers() {
  const title = "title";
  await step("issue", () => octokit.request("POST /repositories/{number}/issues", { number, title }));
  await step("file", () => octokit.request("PUT /repositories/{number}/contents/a.txt", { number, ...text }));
}

async function graphql(owner, name) {
  const look = "query($owner: String!, $name: String!) { repository(owner: $owner, name: $name) { id } }";
  const found = await step("look", () => octokit.graphql(look, { owner, name }));
  const issue = { repositoryId: found.repository.id, title: "title" };
  const make = "mutation($input: CreateIssueInput!) { createIssue(input: $input) { issue { id url } } }";
  await step("issue", () => octokit.graphql(make, { input: issue }));
}

const flows = {
  work: () => work("acme", "api"),
  loot: () => work("mallory", "loot"),
  pages,
  numbers,
  graphql: () => graphql("acme", "api"),
  "graphql-loot": () => graphql("mallory", "loot"),
};
await flows[flow]();
