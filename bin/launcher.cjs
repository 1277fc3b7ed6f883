#!/usr/bin/env node
/**
 * Finds a Node that can run this program, then runs it. Plain JavaScript that parses on Node 12,
 * because its purpose is to say something readable there.
 *
 * From a checkout it runs src/cli/main.ts as it is, from an installed package dist/cli/main.js.
 */
"use strict";

var fs = require("fs");
var os = require("os");
var path = require("path");

/** The oldest Node whose node:sqlite and type stripping this program relies on. package.json `engines` says the same. */
var NEEDED = [24, 15];

/** Set for the second start, so that a pinned Node that is itself too old ends in words, not in a loop. */
var RESTARTED = "P2P_SYNC_RESTARTED";

var root = path.resolve(__dirname, "..");

if (process.platform === "win32") {
  refuse("Windows is not supported yet. Use Linux or macOS, or the Windows Subsystem for Linux.");
} else if (!isEnough(process.versions.node)) {
  restartWithPinnedNode();
} else {
  delete process.env[RESTARTED];
  run();
}

function isEnough(version) {
  var parts = version.split(".").map(Number);
  return parts[0] > NEEDED[0] || (parts[0] === NEEDED[0] && parts[1] >= NEEDED[1]);
}

function refuse(message) {
  process.stderr.write("p2p-sync: " + message + "\n");
  process.exitCode = 2;
}

function run() {
  useCompileCache();
  var source = path.join(root, "src", "cli", "main.ts");
  // Node strips no types from files under node_modules, so there only the built form runs.
  var fromSource = root.split(path.sep).indexOf("node_modules") < 0 && fs.existsSync(source);
  var main = fromSource ? source : path.join(root, "dist", "cli", "main.js");
  if (!fs.existsSync(main)) {
    refuse("the program is not built: " + main + " is missing. Run npm run build in " + root + ".");
    return;
  }
  import(require("url").pathToFileURL(main).href).catch(function (error) {
    process.stderr.write("p2p-sync: could not start: " + ((error && error.stack) || error) + "\n");
    process.exitCode = 1;
  });
}

/**
 * Keeps compiled code (and stripped types) between starts. The folder is ours alone or not used:
 * compiled code that another user could replace would run as us.
 */
function useCompileCache() {
  if (process.env.NODE_COMPILE_CACHE || process.env.NODE_DISABLE_COMPILE_CACHE) return; // Node has done it, or shall not
  var folder = path.join(os.tmpdir(), "p2p-sync-compile-cache-" + process.getuid());
  try {
    fs.mkdirSync(folder, { recursive: true, mode: 448 /* 0700 */ });
    var found = fs.lstatSync(folder);
    if (!found.isDirectory() || found.uid !== process.getuid() || (found.mode & 18) /* 0022 */ !== 0) return;
    require("module").enableCompileCache(folder);
    process.env.NODE_COMPILE_CACHE = folder; // for worker threads, which do not take it over
  } catch (error) {
    // No place for a cache: the start is slower, nothing else.
  }
}

function restartWithPinnedNode() {
  var pinned = path.join(root, "node_modules", ".bin", "node");
  if (process.env[RESTARTED] || !fs.existsSync(pinned)) {
    refuse(
      "this needs Node " +
        NEEDED.join(".") +
        " or newer, but " +
        process.execPath +
        " is " +
        process.versions.node +
        ".\n" +
        "  In a checkout: run npm ci in " +
        root +
        "; it brings the right Node along.\n" +
        "  Elsewhere: install Node " +
        NEEDED[0] +
        " from https://nodejs.org and start again.",
    );
    return;
  }
  var parameters = process.execArgv.concat(__filename, process.argv.slice(2));
  var environment = Object.assign({}, process.env);
  environment[RESTARTED] = "1";
  if (process.execve) {
    process.removeAllListeners("warning"); // execve is marked experimental where this Node is old enough to need it
    process.execve(fs.realpathSync(pinned), [pinned].concat(parameters), environment);
  }
  standInFor(require("child_process").spawn(pinned, parameters, { stdio: "inherit", env: environment }));
}

/** Passes signals on to the child and ends as it ends. */
function standInFor(child) {
  ["SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2"].forEach(function (signal) {
    process.on(signal, function () {
      child.kill(signal);
    });
  });
  process.on("SIGINT", function () {
    // Ctrl-C reaches the whole foreground group, so the child has it already; twice would mean "stop at once".
    if (!isInForeground()) child.kill("SIGINT");
  });
  child.on("error", function (error) {
    refuse("could not run " + child.spawnfile + ": " + error.message);
  });
  child.on("exit", function (code, signal) {
    if (signal === null) {
      process.exit(code);
    }
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

/** Whether a terminal counts this process among those its keys reach. */
function isInForeground() {
  try {
    // Source: proc_pid_stat(5); fields 5 and 8, counted behind the name in brackets, are pgrp and tpgid.
    var stat = fs.readFileSync("/proc/self/stat", "utf8");
    var fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[2] === fields[5];
  } catch (error) {
    return Boolean(process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY);
  }
}
