import { loadLater } from "@/i18n";
import { createBrowserRouter, type RouteObject } from "react-router";
import { RouteFailure } from "./RouteFailure";
import { Shell } from "./Shell";

type Screen = () => Promise<{ default: React.ComponentType }>;

function screen(path: string, load: Screen): RouteObject {
  return { path, lazy: async () => ({ Component: (await load()).default }), errorElement: <RouteFailure /> };
}

/** A screen whose words are not those of the first screen: they come with it. */
function later(path: string, load: Screen): RouteObject {
  return screen(path, async () => {
    const [one] = await Promise.all([load(), loadLater()]);
    return one;
  });
}

/** Every address of the app; each screen is a chunk of its own. */
export function makeRouter() {
  return createBrowserRouter([
    screen("/setup", () => import("@/features/setup/SetupScreen")),
    screen("/login", () => import("@/features/session/LoginScreen")),
    screen("/sign-in/reset", () => import("@/features/session/ResetScreen")),
    screen("/sign-in/reset/:key", () => import("@/features/session/NewPasswordScreen")),
    {
      element: <Shell />,
      errorElement: <RouteFailure />,
      HydrateFallback: () => null,
      children: [
        screen("/", () => import("@/features/home/HomeScreen")),
        screen("/people", () => import("@/features/people/PeopleScreen")),
        screen("/people/erased", () => import("@/features/people/ErasedScreen")),
        screen("/people/duplicates", () => import("@/features/people/DuplicatesScreen")),
        screen("/people/:id", () => import("@/features/people/PersonScreen")),
        later("/companies", () => import("@/features/companies/CompaniesScreen")),
        later("/companies/:id", () => import("@/features/companies/CompanyScreen")),
        later("/imports", () => import("@/features/imports/ImportsScreen")),
        screen("/imports/:id", () => import("@/features/imports/ImportScreen")),
        later("/warehouses", () => import("@/features/warehouses/WarehousesScreen")),
        later("/warehouses/:id", () => import("@/features/warehouses/WarehouseScreen")),
        screen("/segments", () => import("@/features/segments/SegmentsScreen")),
        screen("/segments/new", () => import("@/features/segments/NewSegmentScreen")),
        screen("/segments/new-list", () => import("@/features/segments/NewListScreen")),
        screen("/segments/ready", () => import("@/features/segments/ReadySegmentsScreen")),
        screen("/segments/compare", () => import("@/features/segments/CompareScreen")),
        screen("/segments/:id", () => import("@/features/segments/SegmentScreen")),
        screen("/segments/:id/edit", () => import("@/features/segments/EditSegmentScreen")),
        screen("/personas", () => import("@/features/personas/PersonasScreen")),
        screen("/personas/new", () => import("@/features/personas/NewPersonaScreen")),
        screen("/personas/:id", () => import("@/features/personas/PersonaScreen")),
        screen("/lifecycle", () => import("@/features/lifecycle/LifecycleScreen")),
        screen("/lifecycle/new", () => import("@/features/lifecycle/NewStageScreen")),
        screen("/lifecycle/:id", () => import("@/features/lifecycle/StageScreen")),
        screen("/lifecycle/:id/edit", () => import("@/features/lifecycle/EditStageScreen")),
        later("/journeys", () => import("@/features/journeys/JourneysScreen")),
        later("/journeys/ready/:key", () => import("@/features/journeys/ReadyScreen")),
        later("/journeys/new", () => import("@/features/journeys/editor/NewJourneyScreen")),
        later("/journeys/:key/versions", () => import("@/features/journeys/versions/VersionsScreen")),
        later("/journeys/:key/edit", () => import("@/features/journeys/editor/EditorScreen")),
        later("/journeys/:key", () => import("@/features/journeys/JourneyScreen")),
        later("/rehearsals", () => import("@/features/rehearsals/RehearsalsScreen")),
        later("/rehearsals/new", () => import("@/features/rehearsals/NewRehearsalScreen")),
        later("/rehearsals/:id", () => import("@/features/rehearsals/RehearsalScreen")),
        later("/templates", () => import("@/features/templates/TemplatesScreen")),
        later("/templates/-/new", () => import("@/features/templates/NewTemplateScreen")),
        later("/templates/-/brand", () => import("@/features/templates/brand/BrandScreen")),
        later("/templates/-/snippets", () => import("@/features/templates/snippets/SnippetsScreen")),
        later("/templates/-/snippets/:key", () => import("@/features/templates/snippets/SnippetScreen")),
        later("/templates/:key", () => import("@/features/templates/editor/EditorScreen")),
        later("/campaigns", () => import("@/features/campaigns/CampaignsScreen")),
        later("/campaigns/:id", () => import("@/features/campaigns/CampaignScreen")),
        later("/consent", () => import("@/features/consent/TopicsScreen")),
        later("/consent/suppressed", () => import("@/features/consent/SuppressedScreen")),
        later("/consent/page", () => import("@/features/consent/PageScreen")),
        screen("/messages", () => import("@/features/messages/MessagesScreen")),
        screen("/mailbox", () => import("@/features/mailbox/MailboxScreen")),
        screen("/mailbox/:id", () => import("@/features/mailbox/MailboxScreen")),
        screen("/data", () => import("@/features/events/EventsScreen")),
        screen("/data/event", () => import("@/features/events/EventScreen")),
        screen("/data/attributes", () => import("@/features/events/AttributesScreen")),
        screen("/data/rejects", () => import("@/features/events/RejectsScreen")),
        later("/data/hooks", () => import("@/features/hooks/HooksScreen")),
        later("/data/hooks/:id", () => import("@/features/hooks/HookScreen")),
        later("/data/endpoints", () => import("@/features/endpoints/EndpointsScreen")),
        later("/data/endpoints/:id", () => import("@/features/endpoints/EndpointScreen")),
        later("/data/coupons", () => import("@/features/coupons/CouponsScreen")),
        later("/data/coupons/:key", () => import("@/features/coupons/PoolScreen")),
        screen("/settings", () => import("@/features/settings/WorkspaceScreen")),
        later("/settings/channels", () => import("@/features/channels/SendersScreen")),
        later("/settings/sending", () => import("@/features/sending/SendingScreen")),
        later("/settings/reports", () => import("@/features/outcomes/OutcomesScreen")),
        later("/settings/secrets", () => import("@/features/secrets/SecretsScreen")),
        screen("/settings/keys", () => import("@/features/settings/KeysScreen")),
        screen("/settings/members", () => import("@/features/settings/MembersScreen")),
        screen("/settings/security", () => import("@/features/settings/SecurityScreen")),
        screen("/settings/audit", () => import("@/features/settings/AuditScreen")),
        screen("*", () => import("./NotFound")),
      ],
    },
  ]);
}
