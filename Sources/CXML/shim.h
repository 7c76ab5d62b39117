#include <libxml/xmlversion.h>
// ICU's own headers would be read a second time beside Foundation's; nothing below touches what they declare.
#undef LIBXML_ICU_ENABLED
#include <libxml/HTMLparser.h>
#include <libxml/tree.h>

// `xmlFree` is a variable, which Swift cannot read safely.
static inline void monocle_xml_free(void *memory) { xmlFree(memory); }
