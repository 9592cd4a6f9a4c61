// Keeps pairs of new records, and counts a record up, until it is killed. Prints a line for each update that was acknowledged.
// Arguments: the file of the store, and the number of the first pair.
import { openStore } from "../../src/store/open-store.ts";
import { put } from "../../src/store/session-store.ts";
import { countUp, keep, session, sessionRef } from "../contract/session-store/records.ts";
import { counterOf, pairOf } from "./store-kill.records.ts";

const [, , path = "", firstPair = "0"] = process.argv;
const callerCount = 32;
const store = await openStore(`sqlite:${path}`);
let pair = Number(firstPair);

async function call(caller: number): Promise<never> {
  for (;;) {
    const mine = pair++;
    const [one, other] = pairOf(mine);
    await store.update([sessionRef(one)], () =>
      keep(put(sessionRef(one), session(mine)), put(sessionRef(other), session(mine))),
    );
    process.stdout.write(`pair ${mine}\n`);
    const counter = sessionRef(counterOf(caller));
    process.stdout.write(`counter ${caller} ${await store.update([counter], countUp(counter))}\n`);
  }
}

await Promise.all(Array.from({ length: callerCount }, (_, caller) => call(caller)));
