// What a job of a peer does: nothing, or the call that the program makes for a post.
import http from "node:http";

const target = process.env.PEER_CALL ? new URL(process.env.PEER_CALL) : null;
const agent = new http.Agent({ keepAlive: true });

/** Sends the create call of that post, if there is where to; its id. */
export function publish(number) {
  if (!target) return Promise.resolve(`urn:li:share:${number}`);
  const body = JSON.stringify({
    author: "urn:li:organization:2000001",
    commentary: `Post ${number}: our new menu is here, come and taste it`,
    visibility: "PUBLIC",
    distribution: { feedDistribution: "MAIN_FEED", targetEntities: [], thirdPartyDistributionChannels: [] },
    lifecycleState: "PUBLISHED",
    isReshareDisabledByAuthor: false,
  });
  const headers = {
    authorization: "Bearer bench",
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
    "linkedin-version": "202609",
    "x-restli-protocol-version": "2.0.0",
  };
  return new Promise((resolve, reject) => {
    const request = http.request(target, { method: "POST", agent, headers }, (answer) => {
      answer.resume();
      answer.on("end", () =>
        answer.statusCode === 201
          ? resolve(answer.headers["x-restli-id"])
          : reject(new Error(`status ${answer.statusCode}`)),
      );
    });
    request.on("error", reject);
    request.end(body);
  });
}

/** How many jobs, and how many at a time. */
export const jobs = Number(process.env.PEER_JOBS);
export const concurrency = Number(process.env.PEER_CONCURRENCY);

/** Prints what was measured. */
export function report(began) {
  console.log(JSON.stringify({ seconds: (performance.now() - began) / 1000 }));
}
