(** * The order of limits, one learning rate for each layer

    With one rate for each layer, [kappa_l = eta_l / beta] and [P_l] the projection onto layer [l], the
    joint limit at fixed ratios is BPTT with the Jacobian [J + sum_l kappa_l B P_l B^T]
    ([per_layer_joint_limit]).  The updates of the steps [0 .. t] tend to minus BPTT's gradients if and
    only if [kappa_l -> 0] for each layer that has received a signal before, [P_l nabla_theta(i) <> 0]
    for some [i < t] ([order_of_limits_per_layer]); the ratios of the other layers do not show.
    The ratios are bounded, and of one sign: learning rates are positive, [beta] is of either sign.

    Idea.  If the ratios converge, to [k_l], the difference at the first visible step is
    [sum_l k_l B P_l B^T y] with [y = nabla_s(i)], whose inner product with [y] is
    [sum_l k_l |P_l nabla_theta(i)|^2]: terms of one sign, that vanish together only.  Bounded ratios
    converge along a finer filter ([converge_along_finer]), which settles the rest: a limit is refuted
    there if it is false. *)

From Coq Require Import Reals Lra Lia Classical.
From Coquelicot Require Import Coquelicot.
From CEP Require Import Algebra Limits Gradients Dynamics Bptt LearningRules LinearResponse Potential.
From CEP Require Import Network AugmentedPrimitive.
From CEP Require Export FurtherVocabulary.
Set Implicit Arguments.
Open Scope R_scope.

(** ** Finer filters along which bounded functions converge *)

Section Finer.
Variable T : Type.

(** The filter restricted to a set that it does not exclude. *)
Lemma restrict_filter (FF : (T -> Prop) -> Prop) (HF : Filter FF) (S : T -> Prop) :
  ~ FF (fun x => ~ S x) ->
  exists FF', ProperFilter' FF' /\ (forall P, FF P -> FF' P) /\ FF' S.
Proof.
intros HS. exists (fun P : T -> Prop => FF (fun x => S x -> P x)). split; [split|split].
- intros H. apply HS. revert H. apply filter_imp. auto.
- split.
  + apply filter_forall. auto.
  + intros P Q HP HQ. generalize (filter_and _ _ HP HQ). apply filter_imp. intros x [A B] C. auto.
  + intros P Q I. apply filter_imp. auto.
- intros P. apply filter_imp. auto.
- apply filter_forall. auto.
Qed.

Lemma converge_one (FF : (T -> Prop) -> Prop) (HF : ProperFilter' FF) (k : T -> R) (K : R) :
  FF (fun x => Rabs (k x) <= K) ->
  exists FF', ProperFilter' FF' /\ (forall P, FF P -> FF' P) /\ exists a : R, filterlim k FF' (locally a).
Proof.
intros HK.
(* the upper limit of [k] *)
set (E := fun r => ~ FF (fun x => k x < r)).
destruct (completeness E) as [a [Ha1 Ha2]].
- exists (K + 1). intros r Hr. apply Rnot_lt_le. intros L. apply Hr. revert HK. apply filter_imp.
  intros x Hx. generalize (Rle_abs (k x)). lra.
- exists (- K - 1). intros H. apply filter_not_empty. generalize (filter_and _ _ HK H). apply filter_imp.
  intros x [A B]. generalize (Rle_abs (- k x)). rewrite Rabs_Ropp. lra.
- assert (Above : forall e : posreal, FF (fun x => k x < a + e)).
  { intros e. apply NNPP. intros H. assert (L := Ha1 _ H). generalize (cond_pos e). lra. }
  assert (Below : forall e : posreal, ~ FF (fun x => k x < a - e)).
  { intros e H. assert (L : a <= a - e). apply Ha2. intros r Hr. apply Rnot_lt_le. intros L. apply Hr. revert H. apply filter_imp.
    intros x Hx. lra. generalize (cond_pos e). lra. }
  exists (fun P : T -> Prop => exists e : posreal, FF (fun x => Rabs (k x - a) < e -> P x)). split; [split|split].
  + intros [e H]. assert (He : 0 < e / 2) by (generalize (cond_pos e); lra).
    apply (Below (mkposreal _ He)). generalize (filter_and _ _ H (Above e)). apply filter_imp. simpl. intros x [A B].
    apply Rnot_le_lt. intros L. apply A. apply Rabs_def1; generalize (cond_pos e); lra.
  + split.
    * exists (mkposreal 1 Rlt_0_1). apply filter_forall. auto.
    * intros P Q [e1 H1] [e2 H2]. exists (mkposreal _ (Rmin_stable_in_posreal e1 e2)). simpl.
      generalize (filter_and _ _ H1 H2). apply filter_imp. intros x [A B] L. split.
      apply A. eapply Rlt_le_trans. exact L. apply Rmin_l. apply B. eapply Rlt_le_trans. exact L. apply Rmin_r.
    * intros P Q I [e H]. exists e. revert H. apply filter_imp. auto.
  + intros P HP. exists (mkposreal 1 Rlt_0_1). revert HP. apply filter_imp. auto.
  + exists a. intros P [e He]. exists e. apply filter_forall. intros x L. apply He. exact L.
Qed.

Lemma converge_along_finer (FF : (T -> Prop) -> Prop) (HF : ProperFilter' FF) (k : nat -> T -> R) (n : nat) :
  (forall l, (l < n)%nat -> exists K, FF (fun x => Rabs (k l x) <= K)) ->
  exists FF', ProperFilter' FF' /\ (forall P, FF P -> FF' P) /\
    exists a : nat -> R, forall l, (l < n)%nat -> filterlim (k l) FF' (locally (a l)).
Proof.
intros HK. induction n as [|n IH].
- exists FF. split; auto. split; auto. exists (fun _ => 0). intros l Hl. lia.
- destruct IH as [F1 [P1 [S1 [a Ha]]]]. intros l Hl. apply HK. lia.
  destruct (HK n (Nat.lt_succ_diag_r n)) as [K Kn].
  destruct (@converge_one F1 P1 (k n) K (S1 _ Kn)) as [F2 [P2 [S2 [b Hb]]]].
  exists F2. split; auto. split; auto. exists (fun l => if Nat.eqb l n then b else a l). intros l Hl.
  destruct (Nat.eqb_spec l n) as [->|Hne]. exact Hb.
  intros Q HQ. apply S2. apply (Ha l). lia. exact HQ.
Qed.
End Finer.

(** ** Sums over the layers *)

Lemma partial_sum_ext (V : NM) (f h : nat -> V) n : (forall l, (l < n)%nat -> f l = h l) -> partial_sum f n = partial_sum h n.
Proof. intros H. induction n as [|n IH]; simpl. reflexivity. rewrite IH, H; auto. Qed.
Lemma partial_sum_zero (V : NM) (f : nat -> V) n : (forall l, (l < n)%nat -> f l = zero) -> partial_sum f n = zero.
Proof. intros H. induction n as [|n IH]; simpl. reflexivity. rewrite IH, H by auto. apply plus_zero_l. Qed.
Lemma partial_sum_linear (U V : NM) (L : U -> V) (f : nat -> U) n : is_linear L ->
  L (partial_sum f n) = partial_sum (fun l => L (f l)) n.
Proof.
intros HL. induction n as [|n IH]; simpl. exact (linear_zero _ HL).
etransitivity. exact (linear_plus _ HL _ _). rewrite IH. reflexivity.
Qed.
Lemma partial_sum_is_linear (U V : NM) (L : nat -> U -> V) n : (forall l, (l < n)%nat -> is_linear (L l)) ->
  is_linear (fun u => partial_sum (fun l => L l u) n).
Proof.
intros HL. induction n as [|n IH]; simpl. apply is_linear_zero.
exact (@is_linear_comp R_AbsRing U _ V _ _ (@is_linear_prod R_AbsRing U V V _ _ (IH (fun l Hl => HL l (Nat.lt_lt_succ_r _ _ Hl))) (HL n (Nat.lt_succ_diag_r n)))
  (@is_linear_plus R_AbsRing V)).
Qed.
Lemma nonnegative_sum (f : nat -> R) n : (forall l, (l < n)%nat -> 0 <= f l) ->
  0 <= partial_sum (V := R_NormedModule) f n /\
  (partial_sum (V := R_NormedModule) f n = 0 -> forall l, (l < n)%nat -> f l = 0).
Proof.
intros H. induction n as [|n IH]. split. apply Rle_refl. intros _ l Hl; lia.
destruct IH as [I1 I2]. auto.
cbn [partial_sum]. set (r := partial_sum (V := R_NormedModule) f n) in *. change (@plus R_NormedModule r (f n)) with (r + f n).
assert (Hn := H n (Nat.lt_succ_diag_r n)). split. lra.
intros E l Hl. destruct (Nat.eq_dec l n) as [->|Hne]. lra. apply I2. lra. lia.
Qed.

(** ** C-EP with one learning rate for each layer *)

Section PerLayer.
Variable N : network.
Variables (DF : State N * Param N -> State N) (DPhi_theta : State N * Param N -> Param N).
Variables (n : nat) (P : nat -> Param N -> Param N).
Hypothesis second_derivatives : derivatives N DF DPhi_theta.
Hypothesis grad_ell_cont : continuous (grad_ell N) (s_star N).
Hypothesis at_rest : settled N.
Hypothesis P_layers : layers N n P.
Local Notation Z := (joint N).
Local Notation ZS := (prod_NormedModule R_AbsRing Z (State N)).
Local Notation rest := ((s_star N, theta N) : Z).
Local Notation J := (dF_ds DF).
Local Notation B := (dF_dtheta DF).
Local Notation Bt := (dPhi_theta_ds DPhi_theta).
Local Notation g := (grad_ell N (s_star N)).
Local Notation K k := (layer_rates N n P k).
Local Notation M k := (fun y => plus (J y) (B (K k (Bt y)))).
Local Notation F_diff := (proj1 second_derivatives).
Local Notation Phi_diff := (proj2 second_derivatives).
Local Notation J_linear := (@dF_ds_linear _ _ _ _ _ _ F_diff).
Local Notation B_linear := (@dF_dtheta_linear _ _ _ _ _ _ F_diff).
Local Notation Bt_linear := (@dPhi_theta_ds_linear _ _ _ _ _ _ Phi_diff).
Local Notation phase beta eta t := (per_layer_cep N n P beta eta t).

Lemma K_linear k : is_linear (K k).
Proof.
apply partial_sum_is_linear. intros l Hl.
exact (@is_linear_comp R_AbsRing _ _ _ (P l) (fun v => scal (k l : R_AbsRing) v) (proj1 (P_layers Hl)) (@is_linear_scal_r R_AbsRing _ (k l : R_AbsRing) Rmult_comm)).
Qed.
Lemma KBt_linear k : is_linear (fun y => K k (Bt y)).
Proof. exact (@is_linear_comp R_AbsRing _ _ _ _ _ Bt_linear (K_linear k)). Qed.

(** *** The limit at fixed ratios *)
Section Limit.
Context {T : Type} (FF : (T -> Prop) -> Prop) {HF : Filter FF}.
Variables (beta : T -> R) (eta : nat -> T -> R) (k : nat -> R).
Hypothesis Hb : filterlim beta FF (locally (0:R)).
Hypothesis Hb0 : FF (fun x => beta x <> 0).
Hypothesis Hk : forall l, (l < n)%nat -> filterlim (fun x => eta l x / beta x) FF (locally (k l : R)).
Local Notation eta_at x := (fun l => eta l x).
Local Notation L t := (linear_phase (State N) (Param N) (grad_ell N) (s_star N) J B (fun y => K k (Bt y)) 1 t).

Lemma rates_limit (f : T -> Param N) (v : Param N) : filterlim f FF (locally v) ->
  filterlim (fun x => scal (1 / beta x : R_AbsRing) (K (eta_at x) (f x))) FF (locally (K k v)).
Proof.
intros Hf. unfold layer_rates.
assert (X : forall m, (m <= n)%nat -> filterlim (fun x => scal (1 / beta x : R_AbsRing) (partial_sum (fun l => scal (eta l x : R_AbsRing) (P l (f x))) m)) FF
   (locally (partial_sum (fun l => scal (k l : R_AbsRing) (P l v)) m))).
{ induction m as [|m IH]; intros Hm; cbn [partial_sum].
  - eapply filterlim_ext; [|apply filterlim_const]. intros x. symmetry. apply (sc_zero (Param N)).
  - assert (Y : filterlim (fun x => scal (eta m x / beta x : R_AbsRing) (P m (f x))) FF (locally (scal (k m : R_AbsRing) (P m v)))).
    { apply (@flim_scal T FF HF (Param N)). apply Hk. lia. eapply filterlim_comp. exact Hf. apply linear_cont. exact (proj1 (P_layers Hm)). }
    eapply filterlim_ext; [|exact (@flim_plus T FF HF (Param N) _ _ _ _ (IH ltac:(lia)) Y)]. intros x. cbv beta. module (Param N). }
exact (X n (Nat.le_refl n)).
Qed.

Let q t x : Z := scal (/ beta x : R_AbsRing) (minus (phase (beta x) (eta_at x) t : Z) rest).
Lemma rule_quotient_limit t (w : Z) (u' : State N) :
  filterlim (q t) FF (locally w) ->
  filterlim (fun x => scal (/ beta x : R_AbsRing) (minus (fst (phase (beta x) (eta_at x) (S t))) (s_star N))) FF (locally u') ->
  filterlim (fun x => scal (/ beta x : R_AbsRing) (ep_rule (Phi_theta N) (phase (beta x) (eta_at x) t, fst (phase (beta x) (eta_at x) (S t))))) FF
    (locally (Bt (minus u' (fst w)))).
Proof.
intros H1 H2.
assert (Hp : filterlim (fun x => scal (/ beta x : R_AbsRing) (minus ((phase (beta x) (eta_at x) t, fst (phase (beta x) (eta_at x) (S t))) : ZS) ((rest, s_star N) : ZS)))
   FF (locally ((w, u') : ZS))) by exact (@flim_pair T FF HF Z (State N) _ _ _ _ H1 H2).
assert (H3 := @hadamard T FF HF ZS (Param N) (ep_rule (Phi_theta N)) _ ((s_star N, theta N), s_star N) beta _ _
  (@ep_rule_diff _ _ (s_star N) (theta N) _ _ Phi_diff) Hb Hb0 Hp). cbv beta in H3.
rewrite (@ep_rule_at_rest _ _ (Phi_theta N) (s_star N) (theta N)) in H3.
eapply filterlim_ext; [|exact H3]. intros x. simpl. module (Param N).
Qed.

Lemma per_layer_phase_limit t : filterlim (q t) FF (locally (L t : Z)).
Proof.
induction t as [|t IH].
- simpl. eapply filterlim_ext; [|apply filterlim_const]. intros x. unfold q; simpl.
  assert (E : minus rest rest = zero) by apply (plus_opp_r rest). symmetry.
  etransitivity. apply f_equal. exact E. apply (sc_zero Z).
- assert (Hz := @flim_back T FF HF Z beta (fun x => phase (beta x) (eta_at x) t) rest _ Hb Hb0 IH).
  assert (Hs := @flim_fst T FF HF (State N) (Param N) _ _ Hz).
  assert (H1 := @hadamard T FF HF Z (State N) (F N) _ rest beta _ _ (@F_diff_split _ _ _ _ _ _ F_diff) Hb Hb0 IH). cbv beta in H1.
  assert (H2 : filterlim (fun x => grad_ell N (fst (phase (beta x) (eta_at x) t))) FF (locally g)).
  { eapply filterlim_comp. exact Hs. exact grad_ell_cont. }
  assert (Hs' : filterlim (fun x => scal (/ beta x : R_AbsRing) (minus (fst (phase (beta x) (eta_at x) (S t))) (s_star N))) FF (locally (fst (L (S t))))).
  { apply filterlim_ext_loc with (fun x => minus (scal (/ beta x : R_AbsRing) (minus (F N (phase (beta x) (eta_at x) t)) (F N rest))) (grad_ell N (fst (phase (beta x) (eta_at x) t)))).
    2: exact (@flim_minus T FF HF (State N) _ _ _ _ H1 H2).
    generalize Hb0; apply filter_imp; intros x Hx. rewrite at_rest.
    change (fst (phase (beta x) (eta_at x) (S t))) with (minus (F N (phase (beta x) (eta_at x) t)) (scal (beta x : R_AbsRing) (grad_ell N (fst (phase (beta x) (eta_at x) t))))).
    module_field (State N). }
  assert (H3 := rates_limit (rule_quotient_limit IH Hs')).
  assert (Hth : filterlim (fun x => scal (/ beta x : R_AbsRing) (minus (snd (phase (beta x) (eta_at x) (S t))) (theta N))) FF (locally (snd (L (S t))))).
  { assert (E : snd (L (S t)) = plus (snd (L t)) (K k (Bt (minus (fst (L (S t))) (fst (L t)))))).
    { transitivity (plus (snd (L t)) (scal (1 : R_AbsRing) (K k (Bt (minus (fst (L (S t))) (fst (L t))))))). reflexivity. module (Param N). }
    rewrite E. eapply filterlim_ext; [|exact (@flim_plus T FF HF (Param N) _ _ _ _ (@flim_snd T FF HF (State N) (Param N) _ _ IH) H3)].
    intros x. cbv beta. change (snd (phase (beta x) (eta_at x) (S t))) with
      (plus (snd (phase (beta x) (eta_at x) t)) (scal (1 / beta x : R_AbsRing) (K (eta_at x) (ep_rule (Phi_theta N) (phase (beta x) (eta_at x) t, fst (phase (beta x) (eta_at x) (S t))))))).
    set (r := ep_rule (Phi_theta N) _).
    assert (E1 : K (eta_at x) (scal (/ beta x : R_AbsRing) r) = scal (/ beta x : R_AbsRing) (K (eta_at x) r)) by exact (linear_scal _ (K_linear _) (/ beta x : R_AbsRing) r).
    rewrite E1.
    change (snd (q t x)) with (scal (/ beta x : R_AbsRing) (minus (snd (phase (beta x) (eta_at x) t)) (theta N))). module (Param N). }
  exact (@flim_pair T FF HF (State N) (Param N) _ _ _ _ Hs' Hth).
Qed.

Lemma L_increment t : minus (fst (L (S t))) (fst (L t)) = opp (iterate (M k) t g).
Proof.
assert (E := @linear_phase_increment (State N) (Param N) (grad_ell N) (s_star N) J B (fun y => K k (Bt y)) J_linear B_linear (KBt_linear k) 1 t).
change (1 + t)%nat with (S t) in E. rewrite E. f_equal. apply iterate_ext. intros y. unfold modified_jacobian. module (State N).
Qed.

(** BPTT with the Jacobian [J + sum_l k_l B P_l B^T]. *)
Theorem per_layer_joint_limit t :
  filterlim (fun x => per_layer_Delta_state N n P t (beta x) (eta_at x)) FF (locally (opp (iterate (M k) t g))) /\
  forall l, (l < n)%nat -> FF (fun x => eta l x <> 0) ->
    filterlim (fun x => per_layer_Delta_param N n P l t (beta x) (eta_at x)) FF (locally (opp (P l (Bt (iterate (M k) t g))))).
Proof.
assert (Q := per_layer_phase_limit t). assert (Q' := per_layer_phase_limit (S t)).
assert (Qs := @flim_fst T FF HF (State N) (Param N) _ _ Q). assert (Qs' := @flim_fst T FF HF (State N) (Param N) _ _ Q').
split.
- rewrite <- L_increment. eapply filterlim_ext; [|exact (@flim_minus T FF HF (State N) _ _ _ _ Qs' Qs)].
  intros x. unfold per_layer_Delta_state. change (1 + t)%nat with (S t).
  change (fst (q (S t) x)) with (scal (/ beta x : R_AbsRing) (minus (fst (phase (beta x) (eta_at x) (S t))) (s_star N))).
  change (fst (q t x)) with (scal (/ beta x : R_AbsRing) (minus (fst (phase (beta x) (eta_at x) t)) (s_star N))). module (State N).
- intros l Hl He0. destruct (P_layers Hl) as [PL [_ PP]].
  assert (R := rule_quotient_limit Q Qs'). rewrite L_increment in R.
  assert (E0 : opp (P l (Bt (iterate (M k) t g))) = P l (Bt (opp (iterate (M k) t g)))).
  { assert (E1 : Bt (opp (iterate (M k) t g)) = opp (Bt (iterate (M k) t g))) by exact (linear_opp _ _ Bt_linear).
    rewrite E1. symmetry. exact (linear_opp _ _ PL). }
  rewrite E0.
  assert (X : filterlim (fun x => P l (scal (/ beta x : R_AbsRing) (ep_rule (Phi_theta N) (phase (beta x) (eta_at x) t, fst (phase (beta x) (eta_at x) (S t)))))) FF
    (locally (P l (Bt (opp (iterate (M k) t g)))))) by (eapply filterlim_comp; [exact R | exact (linear_cont _ _ PL)]).
  eapply filterlim_ext_loc; [|exact X]. generalize (filter_and _ _ Hb0 He0). apply filter_imp. intros x [Hbx Hex].
  unfold per_layer_Delta_param. change (1 + t)%nat with (S t).
  change (snd (phase (beta x) (eta_at x) (S t))) with
      (plus (snd (phase (beta x) (eta_at x) t)) (scal (1 / beta x : R_AbsRing) (K (eta_at x) (ep_rule (Phi_theta N) (phase (beta x) (eta_at x) t, fst (phase (beta x) (eta_at x) (S t))))))).
  set (r := ep_rule (Phi_theta N) _).
  assert (E1 : P l (scal (/ beta x : R_AbsRing) r) = scal (/ beta x : R_AbsRing) (P l r)) by exact (linear_scal _ PL (/ beta x : R_AbsRing) r).
  assert (E2 : P l (K (eta_at x) r) = scal (eta l x : R_AbsRing) (P l r)).
  { unfold layer_rates. etransitivity. exact (@partial_sum_linear _ _ (P l) _ n PL).
    assert (S1 : forall m, (m <= n)%nat -> partial_sum (fun i => P l (scal (eta i x : R_AbsRing) (P i r))) m = if Nat.ltb l m then scal (eta l x : R_AbsRing) (P l r) else zero).
    { induction m as [|m IHm]; intros Hm. reflexivity. cbn [partial_sum]. rewrite IHm by lia.
      assert (E3 : P l (scal (eta m x : R_AbsRing) (P m r)) = scal (eta m x : R_AbsRing) (P l (P m r))) by exact (linear_scal _ PL (eta m x : R_AbsRing) (P m r)).
      rewrite E3, (PP m Hm).
      destruct (Nat.ltb_spec l m); destruct (Nat.ltb_spec l (S m)); destruct (Nat.eqb_spec l m); subst; try lia; module (Param N). }
    etransitivity. exact (S1 n (Nat.le_refl n)). destruct (Nat.ltb_spec l n). reflexivity. lia. }
  assert (E4 : minus (plus (snd (phase (beta x) (eta_at x) t)) (scal (1 / beta x : R_AbsRing) (K (eta_at x) r))) (snd (phase (beta x) (eta_at x) t)) = scal (1 / beta x : R_AbsRing) (K (eta_at x) r)) by module (Param N).
  rewrite E4, E1.
  assert (E5 : P l (scal (1 / beta x : R_AbsRing) (K (eta_at x) r)) = scal (1 / beta x : R_AbsRing) (P l (K (eta_at x) r))) by exact (linear_scal _ PL (1 / beta x : R_AbsRing) _).
  rewrite E5, E2. module_field (Param N).
Qed.
End Limit.
End PerLayer.

(** ** Which ratios show *)

Section OrderPerLayer.
Variable N : network.
Variables (DF : State N * Param N -> State N) (DPhi_theta : State N * Param N -> Param N).
Variables (nabla_s : nat -> State N) (nabla_theta : nat -> Param N).
Variables (n : nat) (P : nat -> Param N -> Param N).
Hypothesis primitive : has_primitive_function N.
Hypothesis second_derivatives : derivatives N DF DPhi_theta.
Hypothesis loss : loss_differentiable N.
Hypothesis at_rest : settled N.
Hypothesis bptt_state : forall t, is_nabla_s N t (nabla_s t).
Hypothesis bptt_param : forall t, is_nabla_theta N t (nabla_theta t).
Hypothesis P_layers : layers N n P.
Local Notation J := (dF_ds DF).
Local Notation B := (dF_dtheta DF).
Local Notation Bt := (dPhi_theta_ds DPhi_theta).
Local Notation g := (grad_ell N (s_star N)).
Local Notation K k := (layer_rates N n P k).
Local Notation M k := (fun y => plus (J y) (B (K k (Bt y)))).
Local Notation dot := (dot_state N).
Local Notation dotp := (dot_param N).
Local Notation B_linear := (@dF_dtheta_linear _ _ _ _ _ _ (proj1 second_derivatives)).

Lemma nabla_s_power t : nabla_s t = iterate J t g.
Proof.
exact (gradient_unique (dot_state_inner N) (bptt_state t) (proj1 (@bptt_gradients _ _ _ _ (dot_state_inner N) (dot_param_inner N) _ _ _ _ _ _ _
  primitive _ _ (proj1 second_derivatives) (proj2 second_derivatives) (proj1 loss) at_rest t))).
Qed.
Lemma nabla_theta_power t : nabla_theta t = Bt (iterate J t g).
Proof.
exact (gradient_unique (dot_param_inner N) (bptt_param t) (proj2 (@bptt_gradients _ _ _ _ (dot_state_inner N) (dot_param_inner N) _ _ _ _ _ _ _
  primitive _ _ (proj1 second_derivatives) (proj2 second_derivatives) (proj1 loss) at_rest t))).
Qed.
Lemma B_adjoint v y : dot (B v) y = dotp v (Bt y).
Proof.
exact (@mixed_derivative_adjoint _ _ _ _ (dot_state_inner N) (dot_param_inner N) _ _ _ _ _ primitive _ _ (proj1 second_derivatives) (proj2 second_derivatives) v y).
Qed.
Lemma K_form k v w : dotp (K k v) w = partial_sum (V := R_NormedModule) (fun l => k l * dotp (P l v) w) n.
Proof.
unfold layer_rates. etransitivity. exact (@partial_sum_linear _ R_NormedModule (fun u => dotp u w) _ n (ip_lin (dot_param_inner N) w)).
apply partial_sum_ext. intros l _. apply (ipSl (dot_param_inner N)).
Qed.
Lemma P_form l v : (l < n)%nat -> dotp (P l v) v = dotp (P l v) (P l v).
Proof.
intros Hl. destruct (P_layers Hl) as [_ [S I]]. rewrite (S v (P l v)), (I l Hl v), Nat.eqb_refl, (S v v). reflexivity.
Qed.

(** Ratios of one sign, and a signal [v] that they leave without effect on the neurons. *)
Lemma no_effect k y : (forall l m, (l < n)%nat -> (m < n)%nat -> 0 <= k l * k m) ->
  B (K k (Bt y)) = zero -> forall l, (l < n)%nat -> k l <> 0 -> P l (Bt y) = zero.
Proof.
intros Sg E l Hl Hk.
assert (E0 : dotp (K k (Bt y)) (Bt y) = 0) by (rewrite <- B_adjoint, E, (ip_sym (dot_state_inner N)); apply (ip0r (dot_state_inner N))).
assert (E1 : partial_sum (V := R_NormedModule) (fun m => k l * k m * dotp (P m (Bt y)) (P m (Bt y))) n = 0).
{ transitivity (k l * dotp (K k (Bt y)) (Bt y)). 2: rewrite E0; change (k l * 0 = 0); ring.
  rewrite K_form. etransitivity. 2: symmetry; exact (@partial_sum_linear R_NormedModule R_NormedModule (fun u => k l * u) _ n (@is_linear_scal_r R_AbsRing R_NormedModule (k l : R_AbsRing) Rmult_comm)).
  apply partial_sum_ext. intros m Hm.
  change (k l * k m * dotp (P m (Bt y)) (P m (Bt y)) = k l * (k m * dotp (P m (Bt y)) (Bt y))). rewrite (P_form (Bt y) Hm). ring. }
assert (Pos : forall m, (m < n)%nat -> 0 <= k l * k m * dotp (P m (Bt y)) (P m (Bt y))).
{ intros m Hm. apply Rmult_le_pos. now apply Sg. destruct (eq_dec (P m (Bt y)) zero) as [->|H]. rewrite (ip0r (dot_param_inner N)). lra.
  left. exact (ip_pos (dot_param_inner N) H). }
assert (E2 := proj2 (nonnegative_sum _ Pos) E1 l Hl).
destruct (eq_dec (P l (Bt y)) zero) as [H|H]. exact H.
exfalso. assert (Q := ip_pos (dot_param_inner N) H). assert (0 < k l * k l) by nra. nra.
Qed.

(** Where every visible ratio vanishes, the powers are those of [J] ... *)
Lemma powers_unmoved k t : (forall i l, (i < t)%nat -> (l < n)%nat -> k l <> 0 -> P l (Bt (iterate J i g)) = zero) ->
  forall j, (j <= t)%nat -> iterate (M k) j g = iterate J j g.
Proof.
intros H j. induction j as [|j IH]; intros Hj. reflexivity. simpl. rewrite IH by lia.
assert (E : K k (Bt (iterate J j g)) = zero).
{ apply partial_sum_zero. intros l Hl. destruct (Req_dec (k l) 0) as [->|Hk]. apply sc0. rewrite (H j l) by (auto; lia). apply (sc_zero (Param N)). }
rewrite E. assert (E0 : B zero = zero) by exact (linear_zero _ B_linear). rewrite E0. apply plus_zero_r.
Qed.
(** ... and only there, for the neurons, and for the parameters. *)
Lemma powers_of_states k t : (forall l m, (l < n)%nat -> (m < n)%nat -> 0 <= k l * k m) ->
  (forall j, (j <= t)%nat -> iterate (M k) j g = iterate J j g) ->
  forall i l, (i < t)%nat -> (l < n)%nat -> k l <> 0 -> P l (Bt (iterate J i g)) = zero.
Proof.
intros Sg H i l Hi Hl Hk. apply (@no_effect k); auto.
assert (E := H (S i) ltac:(lia)). simpl in E. rewrite H in E by lia.
apply plus_reg_l with (J (iterate J i g)). rewrite plus_zero_r. exact E.
Qed.
Lemma powers_of_params k t : (forall l m, (l < n)%nat -> (m < n)%nat -> 0 <= k l * k m) ->
  (forall j l, (j <= t)%nat -> (l < n)%nat -> P l (Bt (iterate (M k) j g)) = P l (Bt (iterate J j g))) ->
  forall i l, (i < t)%nat -> (l < n)%nat -> k l <> 0 -> P l (Bt (iterate J i g)) = zero.
Proof.
intros Sg H i. induction i as [i IH] using (well_founded_induction Wf_nat.lt_wf). intros l Hi Hl Hk.
set (y := iterate J i g).
assert (Ei : iterate (M k) i g = y).
{ apply (@powers_unmoved k i). 2: lia. intros i' l' Hi' Hl' Hk'. apply IH; auto. lia. }
set (w := K k (Bt y)).
assert (V : forall l, (l < n)%nat -> P l (Bt (B w)) = zero).
{ intros l' Hl'. destruct (P_layers Hl') as [PL _].
  assert (E := H (S i) l' ltac:(lia) Hl'). simpl in E. rewrite Ei in E. fold w in E. fold y in E.
  assert (E1 : Bt (plus (J y) (B w)) = plus (Bt (J y)) (Bt (B w))) by exact (linear_plus _ (@dPhi_theta_ds_linear _ _ _ _ _ _ (proj2 second_derivatives)) _ _).
  rewrite E1 in E. assert (E2 : P l' (plus (Bt (J y)) (Bt (B w))) = plus (P l' (Bt (J y))) (P l' (Bt (B w)))) by exact (linear_plus _ PL _ _).
  rewrite E2 in E. apply plus_reg_l with (P l' (Bt (J y))). rewrite plus_zero_r. exact E. }
assert (Q : dot (B w) (B w) = 0).
{ rewrite B_adjoint. unfold w at 1. rewrite K_form. apply (@partial_sum_zero R_NormedModule). intros l' Hl'. destruct (P_layers Hl') as [_ [S _]].
  rewrite S, (V l' Hl'), (ip0r (dot_param_inner N)). change (k l' * 0 = 0). ring. }
assert (Bw : B w = zero).
{ destruct (eq_dec (B w) zero) as [E|E]. exact E. exfalso. assert (X := ip_pos (dot_state_inner N) E). lra. }
exact (@no_effect k y Sg Bw l Hl Hk).
Qed.

Section Filter.
Context {T : Type} (FF : (T -> Prop) -> Prop) {HF : Filter FF}.
Variables (beta : T -> R) (eta : nat -> T -> R) (t : nat).
Hypothesis Hb : filterlim beta FF (locally (0:R)).
Hypothesis Hb0 : FF (fun x => beta x <> 0).
Hypothesis He0 : forall l, (l < n)%nat -> FF (fun x => eta l x <> 0).
Hypothesis bounded : forall l, (l < n)%nat -> exists C, FF (fun x => Rabs (eta l x / beta x) <= C).
Hypothesis one_sign : forall l m, (l < n)%nat -> (m < n)%nat -> FF (fun x => 0 <= eta l x * eta m x).
Local Notation eta_at x := (fun l => eta l x).
Local Notation kappa l x := (eta l x / beta x).

Definition visible_ratios_vanish : Prop := forall l, (l < n)%nat ->
  (exists i, (i < t)%nat /\ P l (nabla_theta i) <> zero) -> filterlim (fun x => kappa l x) FF (locally (0:R)).

(** Along a finer proper filter on which the ratios converge, with the facts that carry over. *)
Lemma finer (S : T -> Prop) : ~ FF (fun x => ~ S x) ->
  exists FF', ProperFilter' FF' /\ (forall Q, FF Q -> FF' Q) /\ FF' S /\
    exists k : nat -> R, (forall l, (l < n)%nat -> filterlim (fun x => kappa l x) FF' (locally (k l))) /\
      forall l m, (l < n)%nat -> (m < n)%nat -> 0 <= k l * k m.
Proof.
intros HS. destruct (@restrict_filter T FF HF S HS) as [F1 [P1 [S1 In]]].
destruct (@converge_along_finer T F1 P1 (fun l x => kappa l x) n) as [F2 [P2 [S2 [k Hk]]]].
{ intros l Hl. destruct (bounded Hl) as [C HC]. exists C. exact (S1 _ HC). }
exists F2. split; auto. split; auto. split; auto. exists k. split. exact Hk.
intros l m Hl Hm. apply Rnot_lt_le. intros L.
assert (Lim : filterlim (fun x => kappa l x * kappa m x) F2 (locally (k l * k m : R))).
{ apply (@flim_scal T F2 _ R_NormedModule). exact (Hk l Hl). exact (Hk m Hm). }
assert (Pe : 0 < - (k l * k m)) by lra.
assert (X := proj1 (@flim_norm T F2 _ R_NormedModule _ _) Lim (mkposreal _ Pe)).
apply (@filter_not_empty T F2 P2).
generalize (filter_and _ _ X (filter_and _ _ (S2 _ (S1 _ (one_sign Hl Hm))) (S2 _ (S1 _ Hb0)))). apply filter_imp.
intros x [A [D E]]. change (Rabs (kappa l x * kappa m x + - (k l * k m)) < - (k l * k m)) in A.
apply Rabs_def2 in A.
assert (Q : 0 <= kappa l x * kappa m x).
{ replace (kappa l x * kappa m x) with (eta l x * eta m x * (/ beta x * / beta x)) by (field; auto).
  apply Rmult_le_pos. exact D. left. exact (Rsqr_pos_lt (/ beta x) (Rinv_neq_0_compat _ E)). }
lra.
Qed.

(** A statement that holds eventually unless it is refuted on a finer filter. *)
Lemma by_finer (S : T -> Prop) :
  (forall FF' (P' : ProperFilter' FF') (k : nat -> R), (forall Q, FF Q -> FF' Q) -> FF' (fun x => ~ S x) ->
     (forall l, (l < n)%nat -> filterlim (fun x => kappa l x) FF' (locally (k l))) ->
     (forall l m, (l < n)%nat -> (m < n)%nat -> 0 <= k l * k m) -> False) -> FF S.
Proof.
intros H. apply NNPP. intros HS.
destruct (finer (fun x => ~ S x)) as [F' [P' [S' [In [k [Hk Sg]]]]]].
{ intros X. apply HS. revert X. apply filter_imp. intros x. apply NNPP. }
exact (H F' P' k S' In Hk Sg).
Qed.

Lemma limit_on FF' (P' : ProperFilter' FF') (k : nat -> R) : (forall Q, FF Q -> FF' Q) ->
  (forall l, (l < n)%nat -> filterlim (fun x => kappa l x) FF' (locally (k l))) -> forall j,
  filterlim (fun x => per_layer_Delta_state N n P j (beta x) (eta_at x)) FF' (locally (opp (iterate (M k) j g))) /\
  forall l, (l < n)%nat ->
    filterlim (fun x => per_layer_Delta_param N n P l j (beta x) (eta_at x)) FF' (locally (opp (P l (Bt (iterate (M k) j g))))).
Proof.
intros Sub Hk j.
destruct (@per_layer_joint_limit N DF DPhi_theta n P second_derivatives (proj2 loss) at_rest P_layers T FF' _ beta eta k
  (fun Q HQ => Sub _ (Hb HQ)) (Sub _ Hb0) Hk j) as [L1 L2].
split. exact L1. intros l Hl. exact (L2 l Hl (Sub _ (He0 Hl))).
Qed.

(** The ratios that show vanish: the updates are right. *)
Lemma right_of_vanishing : visible_ratios_vanish -> forall j, (j <= t)%nat ->
  filterlim (fun x => per_layer_Delta_state N n P j (beta x) (eta_at x)) FF (locally (opp (nabla_s j))) /\
  forall l, (l < n)%nat ->
    filterlim (fun x => per_layer_Delta_param N n P l j (beta x) (eta_at x)) FF (locally (opp (P l (nabla_theta j)))).
Proof.
intros HV j Hj.
assert (U : forall FF' (P' : ProperFilter' FF') k, (forall Q, FF Q -> FF' Q) ->
   (forall l, (l < n)%nat -> filterlim (fun x => kappa l x) FF' (locally (k l))) -> iterate (M k) j g = iterate J j g).
{ intros F' P' k Sub Hk. apply (@powers_unmoved k t). 2: exact Hj. intros i l Hi Hl Hne.
  destruct (eq_dec (P l (Bt (iterate J i g))) zero) as [E|E]. exact E. exfalso. apply Hne.
  assert (V := HV l Hl). rewrite <- nabla_theta_power in E.
  exact (@filterlim_locally_unique T R_AbsRing R_NormedModule F' P' (fun x => kappa l x) (k l) 0 (Hk l Hl) (fun Q HQ => Sub _ (V (ex_intro _ i (conj Hi E)) Q HQ))). }
split; [|intros l Hl]; apply flim_norm; auto; intros eps; apply by_finer; intros F' P' k Sub NS Hk _;
  destruct (limit_on P' k Sub Hk j) as [L1 L2]; rewrite (U F' P' k Sub Hk) in *; apply (@filter_not_empty T F' P').
- rewrite <- nabla_s_power in L1. assert (X := proj1 (@flim_norm T F' _ (State N) _ _) L1 eps).
  generalize (filter_and _ _ X NS). apply filter_imp. intros x [A D]. exact (D A).
- assert (X := proj1 (@flim_norm T F' _ (Param N) _ _) (L2 l Hl) eps). rewrite <- nabla_theta_power in X.
  generalize (filter_and _ _ X NS). apply filter_imp. intros x [A D]. exact (D A).
Qed.

(** And they are right only then. *)
Lemma vanishing_of_powers :
  (forall FF' (P' : ProperFilter' FF') (k : nat -> R), (forall Q, FF Q -> FF' Q) ->
     (forall l, (l < n)%nat -> filterlim (fun x => kappa l x) FF' (locally (k l))) ->
     (forall l m, (l < n)%nat -> (m < n)%nat -> 0 <= k l * k m) ->
     forall i l, (i < t)%nat -> (l < n)%nat -> k l <> 0 -> P l (Bt (iterate J i g)) = zero) ->
  visible_ratios_vanish.
Proof.
intros H l Hl [i [Hi Hne]]. apply (@flim_norm T FF HF R_NormedModule). intros eps. apply by_finer.
intros F' P' k Sub NS Hk Sg.
assert (Z0 : k l = 0).
{ destruct (Req_dec (k l) 0) as [E|E]. exact E. exfalso. apply Hne. rewrite nabla_theta_power. exact (H F' P' k Sub Hk Sg i l Hi Hl E). }
assert (L := Hk l Hl). rewrite Z0 in L. assert (X := proj1 (@flim_norm T F' _ R_NormedModule _ _) L eps).
apply (@filter_not_empty T F' P'). generalize (filter_and _ _ X NS). apply filter_imp. intros x [A D]. exact (D A).
Qed.

Theorem order_of_limits_per_layer :
  ((forall j, (j <= t)%nat ->
      filterlim (fun x => per_layer_Delta_state N n P j (beta x) (eta_at x)) FF (locally (opp (nabla_s j))))
   <-> visible_ratios_vanish) /\
  ((forall j l, (j <= t)%nat -> (l < n)%nat ->
      filterlim (fun x => per_layer_Delta_param N n P l j (beta x) (eta_at x)) FF (locally (opp (P l (nabla_theta j)))))
   <-> visible_ratios_vanish).
Proof.
split; split.
- intros R. apply vanishing_of_powers. intros F' P' k Sub Hk Sg. apply (@powers_of_states k t Sg). intros j Hj.
  destruct (limit_on P' k Sub Hk j) as [L1 _].
  assert (E := @filterlim_locally_unique T R_AbsRing (State N) F' P' _ _ _ L1 (fun Q HQ => Sub _ (R j Hj Q HQ))).
  rewrite <- nabla_s_power. transitivity (opp (opp (nabla_s j))). 2: module (State N). rewrite <- E. symmetry. etransitivity. 2: apply opp_opp. reflexivity.
- intros V j Hj. exact (proj1 (right_of_vanishing V Hj)).
- intros R. apply vanishing_of_powers. intros F' P' k Sub Hk Sg. apply (@powers_of_params k t Sg). intros j l Hj Hl.
  destruct (limit_on P' k Sub Hk j) as [_ L2].
  assert (E := @filterlim_locally_unique T R_AbsRing (Param N) F' P' _ _ _ (L2 l Hl) (fun Q HQ => Sub _ (R j l Hj Hl Q HQ))).
  rewrite <- nabla_theta_power. transitivity (opp (opp (P l (nabla_theta j)))). 2: module (Param N). rewrite <- E. symmetry. etransitivity. 2: apply opp_opp. reflexivity.
- intros V j l Hj Hl. exact (proj2 (right_of_vanishing V Hj) l Hl).
Qed.
End Filter.
End OrderPerLayer.
