#ifndef MP_TEST_TYPES_PRESENCE_TYPES_H
#define MP_TEST_TYPES_PRESENCE_TYPES_H

#include <mp/type-context.h>
#include <mp/type-exception.h>
#include <mp/type-function.h>
#include <mp/type-interface.h>
#include <mp/type-message.h>
#include <mp/type-number.h>
#include <mp/type-pointer.h>
#include <mp/type-string.h>
#include <mp/type-threadmap.h>
#include <types/presence.capnp.h>

namespace types {

inline void CustomBuildMessage(mp::InvokeContext&, const PresentNote& note, presence::Note::Builder&& builder)
{
    builder.setText(note.text);
}

inline void CustomReadMessage(mp::InvokeContext&, const presence::Note::Reader& reader, PresentNote& note)
{
    note.text = reader.getText();
}

} // namespace types

#endif // MP_TEST_TYPES_PRESENCE_TYPES_H
