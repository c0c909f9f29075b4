#include "ipc/port.capnp.proxy-types.h"
#include "ipc/port.capnp.proxy.h"

#include <mp/proxy-types.h>

namespace messages = harbor::ipc::messages;

harbor::Books& mp::ProxyClientCustom<messages::Port, harbor::Port>::books()
{
    std::call_once(m_once, [this] { m_books = static_cast<Sub&>(*this).customBooks(); });
    return *m_books;
}

namespace mp {

void CustomBuildMessage(InvokeContext& invoke_context, const harbor::FoundCargo& found,
                        messages::FoundCargoParam::Builder&& builder)
{
    builder.setWantWeight(found.m_weight != nullptr);
    builder.setWantLabel(found.m_label != nullptr);
    if (found.m_next) CustomBuildMessage(invoke_context, *found.m_next, builder.initNext());
}

void CustomPassMessage(InvokeContext& invoke_context, const messages::FoundCargoParam::Reader& reader,
                       messages::FoundCargoResult::Builder builder, std::function<void(const harbor::FoundCargo&)>&& fn)
{
    harbor::Tons weight;
    std::string label;
    harbor::FoundCargo found;
    if (reader.getWantWeight()) found.weight(weight);
    if (reader.getWantLabel()) found.label(label);
    const auto call = [&] {
        fn(found);
        if (!found.found) return;
        builder.setFound(true);
        if (reader.getWantWeight()) builder.setWeight(weight.value);
        if (reader.getWantLabel()) builder.setLabel(label);
    };
    if (reader.hasNext()) {
        CustomPassMessage(invoke_context, reader.getNext(), builder.initNext(), [&](const harbor::FoundCargo& next) {
            found.next(next);
            call();
        });
    } else {
        call();
    }
}

void CustomReadMessage(InvokeContext& invoke_context, const messages::FoundCargoResult::Reader& reader,
                       const harbor::FoundCargo& found)
{
    if (!reader.getFound()) return;
    if (found.m_weight) found.m_weight->value = reader.getWeight();
    if (found.m_label) *found.m_label = reader.getLabel();
    if (found.m_next) CustomReadMessage(invoke_context, reader.getNext(), *found.m_next);
    found.found = true;
}

void CustomBuildMessage(InvokeContext&, const harbor::Journal& journal, messages::Journal::Builder&& builder)
{
    builder.setText(journal.text + " built");
}

void CustomReadMessage(InvokeContext&, const messages::Journal::Reader& reader, harbor::Journal& journal)
{
    journal.text = std::string(reader.getText()) + " read";
}

void CustomPassMessage(InvokeContext&, const messages::Journal::Reader& reader, messages::Journal::Builder builder,
                       std::function<void(harbor::Journal&)>&& fn)
{
    harbor::Journal journal{std::string(reader.getText()) + " passed"};
    fn(journal);
    builder.setText(journal.text + " returned");
}

::capnp::Void ProxyServerMethodTraits<messages::Port::CustomBooksParams>::invoke(Context& context)
{
    harbor::Books& books = context.proxy_server.m_impl->books();
    auto server = kj::heap<ProxyServer<messages::Books>>(std::shared_ptr<harbor::Books>(&books, [](harbor::Books*) {}),
                                                         context.connection);
    context.call_context.getResults().setResult(kj::mv(server));
    return {};
}

} // namespace mp
