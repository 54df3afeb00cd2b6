// SQLite's page cache with one correction. When a B-tree is balanced, SQLite 3.40 lets a page bear a number far behind
// the end of the file for a moment. Its cache keeps that number as the greatest one, and at the end of each transaction
// then looks through all its pages for some behind the end of the file: with a large cache, several per cent of a
// commit. This layer knows the greatest number that really is there, and spares the look where there is nothing.
#pragma once

namespace tongban::store {

// Once, before SQLite is used for anything else; an SQLite result code.
int use_corrected_page_cache();

}  // namespace tongban::store
