import type { DescMessage } from "@bufbuild/protobuf";
import { Code, ConnectError, createContextKey, createContextValues, type MethodImplSpec } from "@connectrpc/connect";
import {
  createAsyncIterable,
  readAllBytes,
  type UniversalHandlerFn,
  type UniversalServerRequest,
  type UniversalServerResponse,
} from "@connectrpc/connect/protocol";
import { errorFromJsonBytes } from "@connectrpc/connect/protocol-connect";
import type { UnaryCall } from "../interceptors/call.ts";
import { undecodable } from "../interceptors/undecodable.ts";
import { undecodableReason } from "./connect-call.ts";

const reached = createContextKey(false, { description: "the call was reached" });

/** How long the JSON of an error can be that is read back, in bytes. */
const maxErrorBytes = 1024 * 1024;

/** A unary call as connect-es serves it over the Connect protocol, to be wrapped by reportUndecodable(). */
export function unarySpec({ method, invoke }: UnaryCall): MethodImplSpec {
  return {
    kind: "unary",
    method,
    impl: (message, context) => {
      context.values.set(reached, true);
      return invoke(message, context);
    },
  };
}

/**
 * Hands a request that connect-es could not decode to its call after all, with the reason, so that it is logged and
 * answered like every other failure. connect-es decides on the answer before any interceptor runs, so the reason is
 * read from that answer, and the call is made with an empty message.
 */
export function reportUndecodable(input: DescMessage, handle: UniversalHandlerFn): UniversalHandlerFn {
  return async (request) => {
    const contextValues = request.contextValues ?? createContextValues();
    const response = await handle({ ...request, contextValues });
    if (response.status < 400 || response.body === undefined || contextValues.get(reached)) {
      return response;
    }
    contextValues.set(undecodable, undecodableReason(input, await readError(response)));
    return handle(emptyRequest({ ...request, contextValues }));
  };
}

async function readError({ body = createAsyncIterable([]) }: UniversalServerResponse): Promise<ConnectError> {
  const fallback = new ConnectError("The request does not decode.", Code.InvalidArgument);
  try {
    return errorFromJsonBytes(await readAllBytes(body, maxErrorBytes), undefined, fallback);
  } catch (error) {
    return error instanceof ConnectError ? error : fallback;
  }
}

/** The same request with an empty message, in an encoding that decodes. */
function emptyRequest(request: UniversalServerRequest): UniversalServerRequest {
  const header = new Headers({ "content-type": "application/proto" });
  const url = new URL(request.url);
  url.search = "";
  return { ...request, method: "POST", url: url.toString(), header, body: createAsyncIterable([]) };
}
