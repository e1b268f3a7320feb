// What the clients written in JavaScript share: the way through the proxy, and a word about each step.
//
// node has no proxy of its own before version 24: octokit is given a fetch that uses one, as its manual says, and
// isomorphic-git's own HTTP client uses node's global agent.
import https from "node:https";
import { HttpsProxyAgent } from "https-proxy-agent";
import { ProxyAgent, fetch as undiciFetch } from "undici";

const dispatcher = new ProxyAgent(process.env.HTTPS_PROXY);

https.globalAgent = new HttpsProxyAgent(process.env.HTTPS_PROXY);

export const fetch = (url, options) => undiciFetch(url, { ...options, dispatcher });

export async function step(name, call) {
  try {
    const found = await call();
    console.log(`${name}: done`);
    return found;
  } catch (error) {
    const told = error.data?.response ?? error.data?.statusMessage ?? "";
    console.log(`${name}: failed: ${error.name}: ${error.message} ${told}`);
    return undefined;
  }
}
