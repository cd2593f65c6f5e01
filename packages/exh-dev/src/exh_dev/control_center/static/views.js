// The views, by their names in the address.

import { ConnectView } from "./views/connect.js";
import { DesignView } from "./views/design.js";
import { DocumentView } from "./views/document.js";
import { DocumentsView } from "./views/documents.js";
import { EventView } from "./views/event.js";
import { EventsView } from "./views/events.js";
import { FaultsView } from "./views/faults.js";
import { FilesView } from "./views/files.js";
import { FunctionView } from "./views/function.js";
import { FunctionsView } from "./views/functions.js";
import { LocalizationsView } from "./views/localizations.js";
import { MailView } from "./views/mail.js";
import { OverviewView } from "./views/overview.js";
import { PermissionsView } from "./views/permissions.js";
import { QueueView } from "./views/queue.js";
import { CompareView } from "./views/compare.js";
import { RunView } from "./views/run.js";
import { RunsView } from "./views/runs.js";
import { SchemaView } from "./views/schema.js";
import { TemplatesView } from "./views/templates.js";
import { UserView } from "./views/user.js";
import { UsersView } from "./views/users.js";

// `of(path)` is the component for what follows the name; `key` is the letter after g; `keeps` says that the component
// stays when its path changes.
export const VIEWS = {
  overview: { title: "Overview", icon: "overview", key: "o", of: () => OverviewView },
  runs: { title: "Runs", icon: "runs", key: "r", of: (path) => (path[0] === "compare" ? CompareView : path.length ? RunView : RunsView) },
  queue: { title: "Queue", icon: "queue", key: "q", of: () => QueueView },
  functions: { title: "Functions", icon: "functions", key: "f", of: (path) => (path.length ? FunctionView : FunctionsView) },
  documents: { title: "Documents", icon: "documents", key: "d", of: (path) => [DocumentsView, SchemaView, DocumentView][Math.min(path.length, 2)] },
  users: { title: "Users", icon: "users", key: "u", of: (path) => (path.length ? UserView : UsersView) },
  permissions: { title: "Permissions", icon: "permissions", key: "p", of: () => PermissionsView },
  files: { title: "Files", icon: "files", key: "i", of: () => FilesView },
  mail: { title: "Mail", icon: "mail", key: "m", of: () => MailView, keeps: true },
  events: { title: "Events", icon: "events", key: "e", of: (path) => (path.length ? EventView : EventsView) },
  templates: { title: "Templates", icon: "templates", key: "l", of: () => TemplatesView, keeps: true },
  localizations: { title: "Localizations", icon: "localizations", key: "z", of: () => LocalizationsView },
  faults: { title: "Faults", icon: "faults", key: "x", of: () => FaultsView },
  connect: { title: "Connect", icon: "connect", key: "c", of: () => ConnectView },
  design: { title: "Design system", icon: "edit", of: () => DesignView },
};

export const GROUPS = [
  ["Activity", ["overview", "runs", "queue", "functions"]],
  ["Data", ["documents", "users", "permissions", "files", "mail", "events", "templates", "localizations"]],
  ["Platform", ["faults", "connect"]],
];
