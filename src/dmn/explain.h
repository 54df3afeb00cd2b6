// The record of a decision for people and programs: which rows matched, which cell stopped each other row, the values
// read, the clause of the row that decided, and what was missing.
#pragma once

#include <string>

#include "dmn/engine.h"

namespace tongban::dmn {

// Decision::to_json and, under "rows", for every row: matched, or the column, its cell and the value that stopped it.
json::object to_json(const TableTrace& trace);
// In Chinese, one paragraph: 表「时限」（首个）：类别 kind = "other"。第 2 行符合，得 15 工作日，依据
// 第十三条（二）。第 1 行不符合：…
std::string to_sentence(const TableTrace& trace);
// The whole answer: value, faults, decisions, tables.
json::object to_json(const Outcome& outcome);

}  // namespace tongban::dmn
