import { openStore } from "../../src/store/open-store.ts";
import { describeSessionStore, restartTests } from "./session-store.contract.ts";

describeSessionStore("SQLite in memory", {
  open: () => openStore("sqlite::memory:"),
  skip: [{ reason: "what is in memory is gone with its connection", tests: restartTests }],
});
