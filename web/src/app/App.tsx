import { DirectionProvider, MantineProvider } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";
import { RouterProvider } from "react-router/dom";
import { problemOf } from "@/api/problem";
import { useDirection } from "@/i18n/useFormat";
import { cssVariables, theme } from "@/ui/theme";
import { makeRouter } from "./routes";

const Notifications = lazy(async () => ({ default: (await import("@mantine/notifications")).Notifications }));

function makeClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 10_000,
        refetchIntervalInBackground: false,
        // An answer that says no will say no again; only a broken line or a busy server is worth another try.
        retry: (count, error) => count < 2 && [0, 503].includes(problemOf(error).status),
      },
    },
  });
}

export function App() {
  const direction = useDirection();
  const [client] = useState(makeClient);
  const [router] = useState(makeRouter);
  return (
    <DirectionProvider key={direction} initialDirection={direction} detectDirection={false}>
      <MantineProvider theme={theme} cssVariablesResolver={cssVariables} defaultColorScheme="light">
        <QueryClientProvider client={client}>
          <Suspense fallback={null}><Notifications position="bottom-center" /></Suspense>
          <RouterProvider router={router} />
        </QueryClientProvider>
      </MantineProvider>
    </DirectionProvider>
  );
}
