// `tongban backup`, `restore`, `rebuild`.
#include <fstream>

#include "app/arguments.h"
#include "app/clock.h"
#include "app/commands.h"
#include "store/backup.h"

namespace tongban::app {

int run_backup(const Words& words, Sites& sites, Shell& shell) {
  Arguments arguments;
  if (const auto code =
          arguments.parse("backup", "Copy ledger, keys and attachments into an empty folder; the server goes on",
                          {{"target", "the folder, absent or empty", true}}, words, shell))
    return *code;
  const Result<Site*> opened = sites.open(shell);
  if (!opened.ok()) return complain(shell, opened.error());
  const Site& site = **opened;
  const std::string target = shell.path(arguments.get("target"));
  const Result<store::Manifest> made =
      store::make_backup(*site.store, *site.keys, *site.attachments, target, site.now());
  if (!made.ok()) return complain(shell, made.error());
  uint64_t bytes = 0;
  for (const store::BackupFile& file : made->files) bytes += file.bytes;
  std::ofstream mark(site.folder + "/last_backup", std::ios::trunc);  // for doctor
  mark << to_text(made->made_at) << "\n";
  shell.out << "Backup in " << target << ": " << made->files.size() << " files, " << bytes / 1024
            << " KiB, the ledger up to position " << made->head.position
            << ".\nIt holds the keys of personal data: keep it as safe as the data folder.\n";
  return kOk;
}

int run_restore(const Words& words, Sites& sites, Shell& shell) {
  Arguments arguments;
  if (const auto code = arguments.parse("restore", "Check a backup and copy it into an empty data folder (--data)",
                                        {{"backup", "the folder of the backup", true}}, words, shell))
    return *code;
  const std::string folder = sites.settings().text("data");
  if (const Result<void> made = make_data_folder(folder); !made.ok()) return complain(shell, made.error());
  const Result<store::Manifest> restored = store::restore_backup(shell.path(arguments.get("backup")), folder);
  if (!restored.ok()) return complain(shell, restored.error());
  shell.out << "Restored into " << folder << " as of " << to_minutes_text(restored->made_at)
            << ", the ledger up to position " << restored->head.position << ". Check it with `tongban verify --data "
            << folder << "`.\n";
  return kOk;
}

int run_rebuild(const Words& words, Sites& sites, Shell& shell) {
  Arguments arguments;
  if (const auto code =
          arguments.parse("rebuild", "Derive lists, inboxes and timers from the ledger again", {}, words, shell))
    return *code;
  const Result<Site*> opened = sites.open(shell);
  if (!opened.ok()) return complain(shell, opened.error());
  const Instant start = system_now();
  if (const Result<void> done = (*opened)->engine->rebuild(); !done.ok()) return complain(shell, done.error());
  shell.out << "The views stand again on " << (*opened)->engine->status().position << " events ("
            << system_now().ms - start.ms << " ms).\n";
  return kOk;
}

}  // namespace tongban::app
