//! EC2's answers, as its API reference shows them.

use super::*;

fn items(answer: &str, list: &str) -> Vec<XmlElement> {
    XmlElement::read(answer, &LEAVES).unwrap().into_items(list)
}

#[test]
fn interface_endpoints_are_read_and_gateways_are_not() {
    let answer = r#"<?xml version="1.0" encoding="UTF-8"?>
<DescribeVpcEndpointsResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">
    <requestId>19a9ff46-7df6-49b8-9726-3df27527089d</requestId>
    <vpcEndpointSet>
        <item>
            <policyDocument>{"Statement":[{"Effect":"Deny"}]}</policyDocument>
            <state>Available</state>
            <vpcEndpointId>vpce-1</vpcEndpointId>
            <serviceName>com.amazonaws.eu-west-1.sts</serviceName>
            <vpcEndpointType>Interface</vpcEndpointType>
            <privateDnsEnabled>true</privateDnsEnabled>
            <subnetIdSet><item>subnet-1</item><item>subnet-2</item></subnetIdSet>
            <groupSet><item><groupId>sg-1</groupId><groupName>x</groupName></item></groupSet>
        </item>
        <item>
            <vpcEndpointId>vpce-2</vpcEndpointId>
            <serviceName>com.amazonaws.eu-west-1.s3</serviceName>
            <vpcEndpointType>Gateway</vpcEndpointType>
            <state>available</state>
        </item>
    </vpcEndpointSet>
</DescribeVpcEndpointsResponse>"#;
    let read: Vec<_> = items(answer, "vpcEndpointSet")
        .iter()
        .filter_map(endpoint)
        .collect();
    let expected = VpcEndpoint {
        id: "vpce-1".to_owned(),
        service: "com.amazonaws.eu-west-1.sts".to_owned(),
        state: "available".to_owned(),
        private_dns: true,
        policy: Some(serde_json::json!({ "Statement": [{ "Effect": "Deny" }] })),
        security_groups: Lookup::Missing,
    };
    assert_eq!(read, [(expected, vec!["sg-1".to_owned()])]);
}

/// The peers of one rule for HTTPS.
fn https_from(rule: &str) -> Vec<String> {
    let answer = format!(
        "<A><securityGroupInfo><item><groupId>sg-1</groupId><ipPermissions><item>{rule}</item>\
         </ipPermissions></item></securityGroupInfo></A>"
    );
    let items = items(&answer, "securityGroupInfo");
    security_group(&items[0]).unwrap().https_from
}

#[test]
fn a_rule_counts_where_its_protocol_and_ports_hold_the_port() {
    let peer = "<ipRanges><item><cidrIp>10.0.0.0/8</cidrIp></item></ipRanges>";
    for (rule, is_meant) in [
        (
            "<ipProtocol>tcp</ipProtocol><fromPort>443</fromPort><toPort>443</toPort>",
            true,
        ),
        (
            "<ipProtocol>tcp</ipProtocol><fromPort>0</fromPort><toPort>65535</toPort>",
            true,
        ),
        ("<ipProtocol>-1</ipProtocol>", true),
        (
            "<ipProtocol>tcp</ipProtocol><fromPort>80</fromPort><toPort>442</toPort>",
            false,
        ),
        (
            "<ipProtocol>tcp</ipProtocol><fromPort>444</fromPort><toPort>500</toPort>",
            false,
        ),
        (
            "<ipProtocol>udp</ipProtocol><fromPort>443</fromPort><toPort>443</toPort>",
            false,
        ),
        (
            "<ipProtocol>icmp</ipProtocol><fromPort>-1</fromPort><toPort>-1</toPort>",
            false,
        ),
    ] {
        let wanted: &[&str] = if is_meant { &["10.0.0.0/8"] } else { &[] };
        assert_eq!(https_from(&format!("{rule}{peer}")), wanted, "{rule}");
    }
}

#[test]
fn all_kinds_of_peers_count() {
    let rule = "<ipProtocol>-1</ipProtocol>\
                <groups><item><groupId>sg-2</groupId><userId>1</userId></item></groups>\
                <ipRanges><item><cidrIp>10.0.0.0/8</cidrIp></item></ipRanges>\
                <ipv6Ranges><item><cidrIpv6>::/0</cidrIpv6></item></ipv6Ranges>\
                <prefixListIds><item><prefixListId>pl-1</prefixListId></item></prefixListIds>";
    assert_eq!(https_from(rule), ["10.0.0.0/8", "::/0", "sg-2", "pl-1"]);
}

#[test]
fn metadata_options_are_those_of_the_instance() {
    let answer = "<A><reservationSet><item><groupSet/><instancesSet><item><instanceId>i-1</instanceId>\
                  <metadataOptions><state>applied</state><httpTokens>required</httpTokens>\
                  <httpPutResponseHopLimit>2</httpPutResponseHopLimit><httpEndpoint>enabled</httpEndpoint>\
                  </metadataOptions></item></instancesSet></item></reservationSet></A>";
    let reservations = items(answer, "reservationSet");
    let instances = reservations
        .iter()
        .flat_map(|one| one.items("instancesSet"));
    let expected = MetadataOptions {
        instance: "i-1".to_owned(),
        enabled: true,
        hop_limit: 2,
        token_required: true,
    };
    assert_eq!(
        instances.filter_map(metadata).collect::<Vec<_>>(),
        [expected]
    );
}

#[test]
fn a_request_is_a_form_in_the_order_of_its_parts() {
    let filters = [
        ("vpc-id", vec!["vpc-1".to_owned()]),
        ("x", vec!["a b".to_owned(), "c&d".to_owned()]),
    ];
    assert_eq!(
        request("DescribeVpcEndpoints", &filters, Some("=")).body,
        "Action=DescribeVpcEndpoints&Version=2016-11-15&Filter.1.Name=vpc-id&Filter.1.Value.1=vpc-1\
         &Filter.2.Name=x&Filter.2.Value.1=a%20b&Filter.2.Value.2=c%26d&NextToken=%3D"
    );
}
