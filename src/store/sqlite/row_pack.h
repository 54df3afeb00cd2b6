// Packs the bytes of a ledger row: a run of bytes that stood earlier in the row is written as a reference to it. The
// events of one command repeat each other (a form, then the fields that it set), and a page of the database holds the
// more rows the smaller they are.
//
// Packed: 0, the size of the whole (LEB128), then parts: count of plain bytes, these bytes, and unless the whole is
// complete, length of the run − 8 and how far back it stood (LEB128 each; a run may overlap its own copy). Unpacked
// bytes of a row never begin with 0, the length of an empty event.
#pragma once

#include <string>
#include <string_view>

namespace tongban::store {

// What stands in the table for these bytes: they themselves where packing would spare little. `scratch` holds the
// packed bytes; the answer lives as long as both arguments.
std::string_view pack_row(std::string_view bytes, std::string& scratch);

// The bytes of a row as it stands in the table; `scratch` as above. False: damaged.
bool unpack_row(std::string_view stored, std::string& scratch, std::string_view& bytes);

}  // namespace tongban::store
