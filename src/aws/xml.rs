//! XML as a tree, for answers that no crate of the SDK reads.

use aws_smithy_xml::decode::{Document, ScopedDecoder, try_data};

/// AWS's answers are no deeper; others' might be deeper than the stack.
const DEEPEST: usize = 16;

/// An element: either with a text or with others inside.
#[derive(Debug, Default, PartialEq)]
pub struct XmlElement {
    name: String,
    text: String,
    inside: Vec<XmlElement>,
}

impl XmlElement {
    /// The whole document; `leaves` names the elements whose texts are wanted. `None` where it is no XML.
    pub fn read(text: &str, leaves: &[&str]) -> Option<Self> {
        let mut document = Document::new(text);
        let mut root = document.root_element().ok()?;
        element(&mut root, leaves, DEEPEST)
    }

    /// The first element of that name, at any depth.
    pub fn find(&self, name: &str) -> Option<&Self> {
        let mut inside = self.inside.iter();
        inside.find_map(|one| {
            if one.name == name {
                Some(one)
            } else {
                one.find(name)
            }
        })
    }

    /// The text of an element right inside.
    pub fn text(&self, name: &str) -> Option<&str> {
        let one = self.inside.iter().find(|one| one.name == name)?;
        Some(&one.text)
    }

    /// The `item`s of a list right inside, as EC2 writes lists.
    pub fn items(&self, name: &str) -> impl Iterator<Item = &Self> {
        let list = self.inside.iter().find(|one| one.name == name);
        let all = list.map(|list| list.inside.as_slice()).unwrap_or_default();
        all.iter().filter(|one| one.name == "item")
    }

    /// The same, where nothing else is wanted any more.
    pub fn into_items(self, name: &str) -> Vec<Self> {
        let list = self.inside.into_iter().find(|one| one.name == name);
        let all = list.map(|list| list.inside).unwrap_or_default();
        all.into_iter().filter(|one| one.name == "item").collect()
    }
}

fn element(
    decoder: &mut ScopedDecoder<'_, '_>,
    leaves: &[&str],
    depth: usize,
) -> Option<XmlElement> {
    let name = decoder.start_el().local().to_owned();
    let mut read = XmlElement {
        name,
        ..XmlElement::default()
    };
    if leaves.contains(&read.name.as_str()) {
        read.text = try_data(decoder).ok()?.into_owned();
        return Some(read);
    }
    let deeper = depth.checked_sub(1)?;
    while let Some(mut inner) = decoder.next_tag() {
        read.inside.push(element(&mut inner, leaves, deeper)?);
    }
    Some(read)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_a_tree_with_or_without_blanks() {
        let compact = "<A xmlns=\"http://x/\"><list><item><id>a&amp;b</id></item><item><id/></item>\
                       </list><id>c</id></A>";
        let pretty = compact.replace("><", ">\n  <");
        for text in [compact, &pretty] {
            let root = XmlElement::read(text, &["id"]).unwrap();
            let ids: Vec<_> = root.items("list").map(|item| item.text("id")).collect();
            assert_eq!(ids, [Some("a&b"), Some("")], "{text}");
            assert_eq!(root.text("id"), Some("c"));
            assert_eq!(root.find("item").unwrap().text("id"), Some("a&b"));
            assert_eq!(root.items("other").count(), 0);
        }
    }

    #[test]
    fn what_is_no_answer_is_none() {
        let deep = "<a>".repeat(100_000);
        for text in ["", "{}", "hello", "<", "<id><b/></id>", &deep] {
            assert_eq!(XmlElement::read(text, &["id"]), None, "{}", text.len());
        }
    }

    #[test]
    fn fuzzed_answers_do_not_stop_the_reader() {
        let answer = "<A><list><item><id>a&amp;b</id></item></list><nextToken>1</nextToken></A>";
        crate::fuzz::texts([answer, "<a><![CDATA[x]]></a>", "<a b='c'/>"], |text| {
            if let Some(root) = XmlElement::read(text, &["id", "nextToken"]) {
                root.into_items("list");
            }
        });
    }
}
