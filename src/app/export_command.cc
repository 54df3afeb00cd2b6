// `tongban export`: everything back as JSON lines.
#include <fstream>

#include "app/arguments.h"
#include "app/commands.h"
#include "facility/export/export.h"

namespace tongban::app {

int run_export(const Words& words, Sites& sites, Shell& shell) {
  Arguments arguments;
  const std::vector<Option> options = {
      {"--to", "the file, one JSON object a line", true},
      {"--with-personal", "with names and telephone numbers; each reading is recorded", false, true},
      {"--documents", "a folder for the documents: as uploaded with --with-personal, else sealed as they are stored"},
      {"--purpose", "what for; goes into the record of readings"}};
  if (const auto code =
          arguments.parse("export", "Give everything back: registers, cases, events", options, words, shell))
    return *code;
  if (arguments.has("--with-personal") && !arguments.has("--purpose")) {
    shell.err << "tongban: personal data are given out for a stated purpose only: add --purpose.\n";
    return kRefused;
  }
  const Result<Site*> site = sites.open(shell);
  if (!site.ok()) return complain(shell, site.error());
  const std::string path = shell.path(arguments.get("--to"));
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  if (!file) {
    shell.err << "tongban: the file " << path << " cannot be written.\n";
    return kEnvironment;
  }
  facility::ExportOptions wanted;
  wanted.with_personal = arguments.has("--with-personal");
  wanted.purpose = arguments.get("--purpose", "export");
  wanted.attachments = (*site)->attachments.get();
  wanted.keys = (*site)->keys.get();
  if (arguments.has("--documents")) wanted.documents = shell.path(arguments.get("--documents"));
  wanted.progress = [&shell](uint64_t cases) {
    if (shell.terminal && cases % 500 == 0) shell.err << "\r" << cases << " cases";
  };
  const auto counts = facility::export_all(*(*site)->engine, *(*site)->store, file, wanted);
  if (!counts.ok()) return complain(shell, counts.error());
  shell.out << "Written to " << path << ": " << counts->cases << " cases with " << counts->events << " events, "
            << counts->entries << " register entries.\n";
  if (counts->documents > 0 && wanted.documents.empty())
    shell.out << counts->documents << " documents are only listed; add --documents FOLDER for their bytes.\n";
  else if (counts->documents > 0)
    shell.out << counts->documents << " documents: " << wanted.documents << "\n";
  return kOk;
}

}  // namespace tongban::app
